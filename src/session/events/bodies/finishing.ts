import * as z from 'zod';
import { By } from './who-acted.ts';

/** What a merge of a session's branch came to. */
const MERGE_OUTCOMES = [
  /** The base branch has the work. */
  'merged',
  /** Merged and checked, but the base branch was left to the person: `commands` move it. */
  'ready',
  'conflicts',
  'checks_failed',
  'stopped',
  'failed',
] as const;

export const MergeEnd = z.object({
  /** Short name of the branch that takes the work. */
  into: z.string(),
  outcome: z.enum(MERGE_OUTCOMES),
  /** What was merged, and onto what. */
  tip: z.string().optional(),
  onto: z.string().optional(),
  commit: z.string().optional(),
  /** Why the base branch was not moved: a sentence of ours. */
  reason: z.string().optional(),
  /** With conflicts. */
  files: z.array(z.string()),
  /** For the person to run, in order. */
  commands: z.array(z.string()),
});
export type MergeEnd = z.infer<typeof MergeEnd>;

/** What was discarded with a session, and can be restored. */
export const Trash = z.object({
  ref: z.string(),
  commit: z.string(),
  branch: z.string(),
  tip: z.string(),
  head: z.string().optional(),
  tree: z.string(),
  /** Names of files that no commit of the branch holds. */
  uncommitted: z.array(z.string()),
  /** When it may be removed. */
  until: z.string(),
});
export type Trash = z.infer<typeof Trash>;

export const FINISHING_BODIES = {
  /** `archived` follows. */
  discarded: z.object({ by: By, trash: Trash }),
  /** `trash`: branch and files come back with it. */
  unarchived: z.object({ by: By, trash: Trash.optional() }),
  /** Its branch is merged next, however often the worker is replaced meanwhile. */
  merge_asked: z.object({ by: By, into: z.string() }),
  merge_ended: MergeEnd,
} as const;
