import { createHash } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ifExists } from '../base/errors.ts';
import { MainCheckout, readMainCheckout } from '../project/main-checkout.ts';
import { readTree, TreeReading } from '../project/tree-reading.ts';
import { stateOf, type Worker } from './worker.ts';

/** What a child could have changed, as it stood at one moment. */
export const Snapshot = z.object({
  tree: TreeReading.optional(),
  mainCheckout: MainCheckout.optional(),
  /** Fingerprint of the session's documents, its log folder and the worker's own files left out. */
  documents: z.string(),
});
export type Snapshot = z.infer<typeof Snapshot>;

/** @param known what needs not be asked of git again */
export async function takeSnapshot(
  worker: Worker,
  known?: Pick<Snapshot, 'tree' | 'mainCheckout'>,
): Promise<Snapshot> {
  if (known !== undefined) return { ...known, documents: await documentsPrint(worker) };
  const worktree = stateOf(worker).worktree;
  const { mainRepo, sessionsDir, worktreesDir } = worker.file;
  const main = { mainRepo, ours: [sessionsDir, worktreesDir], ...worker.git.context };
  const [mainCheckout, tree] = await Promise.all([
    readMainCheckout(main).catch(() => undefined),
    worktree && readTree(worktree.path, worker.git.context),
  ]);
  return {
    ...(tree && { tree }),
    ...(mainCheckout && { mainCheckout }),
    documents: await documentsPrint(worker),
  };
}

const NOT_THE_CHILDS = new Set(['_logs', '_signal.json', '_signal_history.jsonl', 'session.log', '_inbox']);

// Sizes and times instead of contents: a folder may hold many large documents, and any write moves the time.
async function documentsPrint(worker: Worker): Promise<string> {
  const names = ((await ifExists(readdir(worker.paths.sessionDir))) ?? []).filter(
    (name) => !NOT_THE_CHILDS.has(name),
  );
  const hash = createHash('sha256');
  for (const name of names.sort()) {
    const stats = await ifExists(lstat(join(worker.paths.sessionDir, name)));
    hash.update(`${name}\0${stats?.size}\0${stats?.mtimeMs}\0${stats?.ino}\n`);
  }
  return hash.digest('hex');
}
