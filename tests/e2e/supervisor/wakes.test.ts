import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { startRig } from '../../support/session-rig.ts';
import { supervisorPids } from '../../support/supervisors.ts';

const WAITS = { rules: [] };

test('a session that waits for answers has no worker, and one supervisor watches it', async () => {
  await using rig = await startRig({ supervised: true, scenario: WAITS });
  await rig.untilWaiting('qa_answers', { leaveDead: true });
  await expect.poll(() => rig.workerPid()).toBeUndefined();
  expect(await supervisorPids(rig.repo.homeDir)).toHaveLength(1);
});

test('answers typed into the file wake the session once they have rested', async () => {
  await using rig = await startRig({ supervised: true, scenario: WAITS });
  await rig.untilWaiting('qa_answers', { leaveDead: true });
  const text = await readFile(rig.paths.qa, 'utf8');
  const answered = text
    .replace(/^(?:\*\*)?Answer:.*$/gm, (line) => `${line} A`)
    .replace(/^Status: .*$/m, 'Status: answered');
  await writeFile(rig.paths.qa, answered);
  await rig.until(({ answers }) => answers.length > 0, { leaveDead: true });
});

test('a worker that was killed is replaced', async () => {
  await using rig = await startRig({
    supervised: true,
    scenario: { rules: [{ when: { iteration: 1 }, do: [{ act: 'hang' }] }] },
  });
  await rig.until(({ openIteration }) => openIteration !== undefined, { leaveDead: true });
  const pid = await rig.killWorker();
  await expect.poll(() => rig.workerPid(), { timeout: 10_000 }).toBeGreaterThan(0);
  expect(await rig.workerPid()).not.toBe(pid);
});
