// @module-tag ci
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import {
  type RestoredState,
  restoreCopy,
  restoreForWork,
} from '../../../../src/extensions/pool/states/restore-state.ts';
import { bundleScript } from '../../../support/bundle-script.ts';
import { contentsOf } from '../../../support/checkpoint-scene.ts';
import { OWN_SETTINGS, type PoolScene, poolScene } from '../../../support/pool-scene.ts';

type How = 'mirror' | 'work';

function restore(scene: PoolScene, how: How): Promise<RestoredState> {
  return how === 'mirror' ? restoreCopy(scene.plan()) : restoreForWork(scene.plan(), OWN_SETTINGS);
}

/** The same in a process that is killed at a step. @returns whether it was */
async function dyingAt(scene: PoolScene, how: How, step: string): Promise<boolean> {
  const { root, env } = scene.here.repo;
  const plan = join(root, 'plan.json');
  await writeFile(plan, JSON.stringify({ ...scene.plan(), how, settings: OWN_SETTINGS }));
  const program = await bundleScript('restore-state-starter.ts', root, { faults: true });
  const dying = { ...env, SAMOCODE_CRASH_AT: step };
  const { exitCode } = await runCommand(process.execPath, [program, plan], { env: dying });
  return exitCode === null;
}

async function found({ there, worktreeThere }: PoolScene) {
  return { session: await contentsOf(there.sessionDir), worktree: await contentsOf(worktreeThere) };
}

test.concurrent.each<[How, string]>([
  ['mirror', 'replace-session@1'],
  ['mirror', 'replace-session@2'],
  ['work', 'restore-state@1'],
  ['work', 'replace-session@1'],
  ['work', 'replace-session@2'],
])('a %s whose restore dies at %s is completed by the next try', async (how, step) => {
  await using scene = await poolScene();
  await scene.publish();
  await restoreCopy(scene.plan());
  await writeFile(join(scene.here.sessionDir, '_qa.md'), '## Q1\n');
  await writeFile(join(scene.here.worktreePath, 'new.txt'), 'not committed\n');
  await scene.publish();
  expect(await dyingAt(scene, how, step)).toBe(true);
  expect(await restore(scene, how)).toEqual({ folder: '26-01-08-x', aside: [] });
  const { sessionDir, worktreePath } = scene.here;
  expect(await found(scene)).toEqual({
    session: await contentsOf(sessionDir),
    worktree: how === 'work' ? await contentsOf(worktreePath) : {},
  });
});
