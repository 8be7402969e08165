import { join } from 'node:path';
import { endTree, type Mark } from '../../kernel/processes/end-tree.ts';
import { clearAside, removeAtOnce } from '../../project/git/remove-tree.ts';
import { checksRoot, openChecksRoot } from '../../project/proving/checks-root.ts';
import { childMark } from '../state/processes.ts';
import type { Worker } from '../state/worker.ts';

type Place = Pick<Worker, 'file'>;

export function scratchDir({ file }: Place): string {
  return join(checksRoot(file.worktreesDir), file.folder);
}

/** Like `scratchDir`, for commands that no guard confines. */
export function openScratchDir(worker: Pick<Worker, 'file' | 'env'>): string {
  const { worktreesDir, id } = worker.file;
  const root = openChecksRoot(worktreesDir, worker.env);
  return root === checksRoot(worktreesDir) ? scratchDir(worker) : join(root, id);
}

/** Marks processes that run in parallel with an agent; the end of an agent ends all processes with its own marker. */
export function baseRunMark(worker: Place): Mark {
  const { name, value } = childMark(worker);
  return { name, value: `${value}-base` };
}

const GRACE_MS = 300;

export async function endBaseProcesses(worker: Worker): Promise<void> {
  const { host, clock } = worker;
  await endTree(undefined, baseRunMark(worker), { host, clock, graceMs: GRACE_MS, known: [] });
}

export async function clearScratch(worker: Worker): Promise<void> {
  await endBaseProcesses(worker);
  for (const each of [scratchDir(worker), openScratchDir(worker)]) {
    await removeAtOnce(each);
    await clearAside(each);
  }
}
