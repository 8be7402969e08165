import { join } from 'node:path';
import { endTree, type Mark } from '../../base/processes/end-tree.ts';
import { removeClone } from '../../project/proving/clean-clone.ts';
import { checksRoot } from '../../project/proving/setup-cache.ts';
import { childMark } from '../core/tree.ts';
import type { Worker } from '../core/worker.ts';

type Place = Pick<Worker, 'file'>;

/** Holds the clones of one session while checks run in them. */
export function scratchDir(worker: Place): string {
  return join(checksRoot(worker.file.worktreesDir), worker.file.folder);
}

/** Of processes that run beside an agent: its end ends all that carries its own mark. */
export function besideMark(worker: Place): Mark {
  const { name, value } = childMark(worker);
  return { name, value: `${value}-base` };
}

const GRACE_MS = 300;

export async function endBeside(worker: Worker): Promise<void> {
  const { host, clock } = worker;
  await endTree(undefined, besideMark(worker), { host, clock, graceMs: GRACE_MS, known: [] });
}

export async function clearScratch(worker: Worker): Promise<void> {
  await endBeside(worker);
  await removeClone(scratchDir(worker));
}
