import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { writeWhole } from '../base/atomic-file.ts';
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

export async function readLast(store: CheckpointStore): Promise<LastCheckpoint | undefined> {
  const text = await ifExists(readFile(pathIn(store), 'utf8'));
  try {
    return text === undefined ? undefined : LastCheckpoint.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export async function writeLast(store: CheckpointStore, last: LastCheckpoint): Promise<void> {
  await writeWhole(pathIn(store), `${JSON.stringify(last)}\n`);
}

/** The next checkpoint is made from what the indexes hold, whatever the last one was. */
export async function forgetLast(store: CheckpointStore): Promise<void> {
  await rm(pathIn(store), { force: true });
}

function pathIn({ dir }: CheckpointStore): string {
  return join(dir, 'last.json');
}
