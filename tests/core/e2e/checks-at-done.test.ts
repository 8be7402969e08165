import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../support/ci.ts';
import { type SessionRig, startRig } from '../../support/session-rig.ts';
import { endOfWorker } from '../../support/supervisors.ts';

/** A session whose next agent works in the last phase. */
async function atDone(check: string): Promise<SessionRig> {
  return await startRig({ here: true, phase: 'done', lines: { CHECK: check, CHECK_IN: 'worktree' } });
}

test(
  'a session whose checks were stopped needs no worker until it is resumed, and then they run again',
  ci,
  async () => {
    await using rig = await atDone('[ -e ../again ] || { touch ../again; sleep 60; }');
    const { worktree } = await rig.until(({ openIteration }) => openIteration?.phase === 'done');
    const mark = join(worktree?.path ?? '', '..', 'again');
    await expect.poll(() => existsSync(mark)).toBe(true);
    await rig.stop();
    await rig.until(({ status }) => status.kind === 'stopped');
    await endOfWorker(rig);
    expect(await rig.view()).toMatchObject({
      needsWorker: false,
      state: { openIteration: { iteration: 1 } },
    });
    await rig.resume();
    const { progress } = await rig.until(({ status }) => status.kind === 'done');
    expect(progress.totalIterations).toBe(1);
  },
);

test('a session whose check removes the worktree is not done', async () => {
  await using rig = await atDone('rm -rf "$PWD"');
  await rig.until(({ progress }) => progress.phase === 'implementation');
  const ended = (await rig.events()).filter((event) => event.type === 'iteration_ended');
  expect(JSON.stringify(ended[0]?.decision)).toContain('it removed the worktree');
});
