import { expect, test } from 'vitest';
import { typed } from '../../../../app/unit/cli/typed.ts';
import { makeServerRig } from '../../../../app/unit/server/server-rig.ts';
import { CREATED, DONE, PREPARED } from '../../session/events.ts';

test('a wait for several sessions ends when one of them ends, under any of its names', async () => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession('26-01-08-boat', [CREATED, PREPARED, DONE]);
  const place = { cwd: serverRig.repo.path, home: serverRig.repo.homeDir };
  const over = await typed(['wait', 'boa', '--json'], place);
  expect(over.exitCode).toBe(0);
  expect(JSON.parse(over.stdout)).toMatchObject({ session: '26-01-08-boat', state: 'done', changed: true });
  const late = await typed(['wait', '26-01-08-boat', 'boat', '--until', 'done', '--timeout', '1'], place);
  expect(late.exitCode).toBe(0);
  const none = await typed(['wait', 'tent'], place);
  expect(none).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('There is no session "tent".') });
});

test('without a terminal, archive only shows a preview, and its exit status says that a person is needed', async () => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession('26-01-08-boat', [CREATED, PREPARED, DONE]);
  // A printed command must not refer to another session.
  await serverRig.addSession('26-01-09-boat', [CREATED, PREPARED, DONE]);
  const place = { cwd: serverRig.repo.path, home: serverRig.repo.homeDir };
  const shown = await typed(['archive', '26-01-08-boat'], place);
  expect(shown).toMatchObject({
    exitCode: 4,
    stdout: expect.stringContaining('samocode archive 26-01-08-boat --yes'),
  });
  const refused = await typed(['archive', 'boa'], { ...place, says: ['n'] });
  expect(refused.stdout).toContain('Nothing was done.');
  const unasked = await typed(['archive', 'boa', '--yes'], place);
  expect(unasked).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('Give it: 26-01-09-boat.'),
  });
  const { state, archived } = JSON.parse((await typed(['status', 'boat', '--json'], place)).stdout);
  expect([state, archived]).toEqual(['done', undefined]);
});
