import { appendFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readTranscript } from '../../../../src/core/acts/reading/read-transcript.act.ts';
import { ci } from '../../../support/ci.ts';
import { startRig } from '../../../support/session-rig.ts';
import { typed } from '../../unit/cli/typed.ts';

test("log --iteration prints the agent's actions, without terminal control sequences", ci, async () => {
  await using rig = await startRig({ at: 'asking' });
  const place = { cwd: rig.repo.path, home: rig.repo.homeDir };
  const argv = ['log', rig.file.folder, '--iteration', '1'];
  const { logPath, entries, lines } = await readTranscript(
    { session: rig.file.folder, iteration: 1, limit: 10_000 },
    rig.context(),
  );
  const { stdout, exitCode } = await typed(argv, place);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('iteration 1, investigation, rehearsal');
  for (const line of lines) expect(stdout).toContain(line);
  expect(JSON.parse((await typed([...argv, '--json'], place)).stdout)).toMatchObject({
    iteration: 1,
    entries: JSON.parse(JSON.stringify(entries)),
    path: logPath,
    is_running: false,
  });

  await appendFile(logPath, '\u001b[2Jnot JSON\n');
  const [followed, missing] = await Promise.all([
    typed([...argv, '--follow'], place),
    typed(['log', rig.file.folder, '--iteration', '99'], place),
  ]);
  expect(followed.exitCode).toBe(0);
  expect(followed.stdout).not.toContain('\u001b');
  expect(missing).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no iteration 99') });
});

test('log --iteration --follow ends with the agent', async () => {
  await using rig = await startRig({
    scenario: { rules: [{ when: { iteration: 1 }, do: [{ act: 'hang' }] }] },
  });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const place = { cwd: rig.repo.path, home: rig.repo.homeDir };
  const argv = ['log', rig.file.folder, '--iteration', '1'];
  expect((await typed(argv, place)).stdout).toContain('It is still running');
  const followed = typed([...argv, '--follow'], place);
  await rig.stop('now');
  expect((await followed).stdout).not.toContain('It is still running');
});
