import { lstat, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ifExists } from '../base/errors.ts';
import type { CheckpointStore } from './checkpoint-store.ts';

/** What the newest checkpoint of a session holds, as long as the private indexes say no more than it does. */
export const LastCheckpoint = z.object({
  ref: z.string(),
  commit: z.string(),
  parents: z.array(z.string()),
  worktreeTree: z.string(),
  sessionTree: z.string(),
});
export type LastCheckpoint = z.infer<typeof LastCheckpoint>;

/** With the identity of both indexes: one that was changed since, or that a power cut took back, fits no more. */
const Stamped = LastCheckpoint.extend({ indexes: z.string() });

/** @returns undefined when there is none, or when it can't be trusted any more */
export async function readLast(store: CheckpointStore): Promise<LastCheckpoint | undefined> {
  const text = await ifExists(readFile(pathIn(store), 'utf8'));
  try {
    const last = text === undefined ? undefined : Stamped.parse(JSON.parse(text));
    return last?.indexes === (await stampOf(store)) ? last : undefined;
  } catch {
    return undefined;
  }
}

/** Not forced to the disk: when it is lost, the next checkpoint takes a little longer. */
export async function writeLast(store: CheckpointStore, last: LastCheckpoint): Promise<void> {
  const draft = `${pathIn(store)}.draft`;
  await writeFile(draft, `${JSON.stringify({ ...last, indexes: await stampOf(store) })}\n`);
  await rename(draft, pathIn(store));
}

/** The next checkpoint is made from what the indexes hold, whatever the last one was. */
export async function forgetLast(store: CheckpointStore): Promise<void> {
  await rm(pathIn(store), { force: true });
}

// git replaces an index by another file whenever it changes it.
async function stampOf({ dir }: CheckpointStore): Promise<string> {
  const parts = ['worktree', 'session'].map(async (part) => {
    const stats = await ifExists(lstat(join(dir, `${part}.index`), { bigint: true }));
    return `${stats?.ino}:${stats?.size}:${stats?.mtimeNs}`;
  });
  return (await Promise.all(parts)).join(' ');
}

function pathIn({ dir }: CheckpointStore): string {
  return join(dir, 'last.json');
}
