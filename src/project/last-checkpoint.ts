import { lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { CheckpointStore } from './checkpoint-store.ts';
import { KnownFiles } from './compare-files.ts';
import { identityOf } from './path-state.ts';

/** What the newest checkpoint of a session holds, and how the next one can tell what is new since then. */
export const LastCheckpoint = z.object({
  ref: z.string(),
  commit: z.string(),
  parents: z.array(z.string()),
  worktreeTree: z.string(),
  sessionTree: z.string(),
  /** Its private index is older than all that is to come, see `settleIndex`. */
  isSettled: z.boolean().optional(),
  /** Where the worktree's tree differs from what its private index knows. */
  beyondIndex: KnownFiles,
  /** All that is in the session's tree. */
  documents: KnownFiles,
  /** Readable names of what was there and was not taken. */
  skipped: z.array(z.string()),
  /** The worktree's own index, when it was last asked for files that it tracks against ignore rules. */
  ownIndex: z.string().optional(),
});
export type LastCheckpoint = z.infer<typeof LastCheckpoint>;

/** With the identity of the private index: one that was changed since, or that a power cut took back, fits no more. */
const Stamped = LastCheckpoint.extend({ v: z.literal(3), index: z.string() });

/** @returns undefined when there is none, or when it can't be trusted any more */
export function readLast(store: CheckpointStore): LastCheckpoint | undefined {
  try {
    const last = Stamped.parse(JSON.parse(readFileSync(pathIn(store), 'utf8')));
    return last.index === stampOf(store) ? last : undefined;
  } catch {
    return undefined;
  }
}

/**
 * In place, for a new file costs more than all of it, and not forced to the disk: one that is torn or lost can't
 * be read, and the next checkpoint takes a little longer.
 */
export function writeLast(store: CheckpointStore, last: LastCheckpoint): void {
  writeFileSync(pathIn(store), `${JSON.stringify({ ...last, v: 3, index: stampOf(store) })}\n`);
}

/** The next checkpoint is made from what the index and the files hold, whatever the last one was. */
export function forgetLast(store: CheckpointStore): void {
  rmSync(pathIn(store), { force: true });
}

// git replaces an index by another file whenever it changes it.
function stampOf({ dir }: CheckpointStore): string {
  return identityOf(lstatSync(join(dir, 'worktree.index'), { bigint: true, throwIfNoEntry: false }));
}

function pathIn({ dir }: CheckpointStore): string {
  return join(dir, 'last.json');
}
