import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { writeLightly } from '../../base/files/atomic-file.ts';
import type { CheckpointStore } from './checkpoint-store.ts';

/** The newest checkpoint of a session: where nothing differs from it, no other is made. */
const LastCheckpoint = z.object({
  ref: z.string(),
  commit: z.string(),
  parents: z.array(z.string()),
  worktreeTree: z.string(),
  sessionTree: z.string(),
  /** Readable names of what was there and was not taken: each is told once. */
  skipped: z.array(z.string()),
});
export type LastCheckpoint = z.infer<typeof LastCheckpoint>;

/** @returns undefined when there is none, or none that can be read */
export function readLast(store: CheckpointStore): LastCheckpoint | undefined {
  try {
    return LastCheckpoint.parse(JSON.parse(readFileSync(pathIn(store), 'utf8')));
  } catch {
    return undefined;
  }
}

export function writeLast(store: CheckpointStore, last: LastCheckpoint): void {
  writeLightly(pathIn(store), `${JSON.stringify(last)}\n`);
}

function pathIn({ dir }: CheckpointStore): string {
  return join(dir, 'last.json');
}
