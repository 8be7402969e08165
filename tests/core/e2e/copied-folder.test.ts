import { copyFile, cp, mkdir, rename } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { SessionPaths } from '../../../src/core/session/layout/paths.ts';
import { ci } from '../../support/ci.ts';
import { HANGS, type SessionRig, startRig } from '../../support/session-rig.ts';

/**
 * The run folder as restored by an object store or `cp -r`: new files, new times, the log before the files that it
 * describes.
 */
async function copyAnew({ runDir, events }: SessionPaths): Promise<void> {
  const away = `${runDir}-away`;
  await rename(runDir, away);
  await mkdir(runDir);
  await copyFile(events.replace(runDir, away), events);
  await cp(away, runDir, { recursive: true, filter: (path) => !path.endsWith('events.jsonl') });
}

const acts = async (rig: SessionRig) => (await rig.events()).map(({ n, type }) => `${n} ${type}`);

test(
  'a session whose folders were restored by a copy with new times loses no event, and takes the next answer',
  ci,
  async () => {
    await using rig = await startRig({ at: 'asking' });
    const before = await acts(rig);
    await copyAnew(rig.paths);
    await rig.answer();
    await rig.untilWaiting('plan_approval');
    const after = await acts(rig);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.join()).toContain('answers_recorded');
  },
);

test('a copy of a session whose machine died while an agent ran does not count as a changed run folder', async () => {
  await using rig = await startRig({ scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  while ((await rig.processesWithMark()).length < 2);
  await rig.killWorker();
  for (const { pid } of await rig.processesWithMark()) process.kill(pid, 'SIGKILL');
  await copyAnew(rig.paths);
  await rig.untilWaiting('qa_answers');
  expect((await acts(rig)).join()).not.toMatch(/blocked|forgery_seen/);
});
