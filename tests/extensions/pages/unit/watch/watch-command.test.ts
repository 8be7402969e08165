import { expect, test } from 'vitest';
import { typed } from '../../../../app/unit/cli/typed.ts';
import { makeServerRig } from '../../../../app/unit/server/server-rig.ts';
import { CREATED, DONE, PREPARED } from '../../../../core/unit/session/events.ts';

test('without a terminal, the list or the status of one session is printed once', async () => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession('26-01-08-boat', [CREATED, PREPARED, DONE]);
  const place = { cwd: serverRig.repo.path, home: serverRig.repo.homeDir };
  const all = await typed(['watch'], place);
  expect(all).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('cannot show a live screen') });
  expect(all.stdout).toBe((await typed(['list', '--all'], place)).stdout);
  expect((await typed(['watch', 'boat'], place)).stdout).toContain('26-01-08-boat');
});

test('--json is refused because a screen never ends, and the error names the list', async () => {
  await using serverRig = await makeServerRig();
  const place = { cwd: serverRig.repo.path, home: serverRig.repo.homeDir };
  const { exitCode, stdout } = await typed(['watch', '--json'], place);
  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({
    error: { code: 'usage', hint: expect.stringContaining('list --all --json') },
  });
});
