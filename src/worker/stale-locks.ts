import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { record, stateOf, type Worker } from './worker.ts';

/** What git leaves behind in a worktree's own folder when it is killed. */
const LOCKS = ['index.lock', 'HEAD.lock'];

/**
 * Removes the locks that a killed git left in this worktree's own git folder. Its tree is verified dead, so
 * nobody holds them; the folder that all worktrees share is not touched.
 */
export async function removeStaleLocks(worker: Worker): Promise<void> {
  const { worktree } = stateOf(worker);
  if (worktree === undefined) return;
  try {
    const pointer = await readFile(join(worktree.path, '.git'), 'utf8').catch(() => '');
    const gitDir = resolve(worktree.path, /^gitdir: (.+)$/m.exec(pointer)?.[1] ?? '.');
    // Only a linked worktree has a folder of its own; anything else belongs to others too.
    if (!/\/worktrees\/[^/]+$/.test(gitDir)) return;
    for (const lock of LOCKS) await rm(join(gitDir, lock), { force: true });
  } catch (error) {
    const text = `Stale locks were not looked for: ${error instanceof Error ? error.message : error}`;
    await record(worker, { type: 'notice', code: 'locks', text: text.slice(0, 500) });
  }
}
