import * as z from 'zod';
import { By } from './who-acted.ts';

/** The parts of a discarded session that can be restored by hand. */
export const Trash = z.object({
  ref: z.string(),
  commit: z.string(),
  branch: z.string(),
  tip: z.string(),
  head: z.string().optional(),
  /** The tree of the worktree, with uncommitted files. */
  tree: z.string(),
  uncommitted: z.array(z.string()),
});
export type Trash = z.infer<typeof Trash>;

/** One effect outside of the session, and how it ended. */
export const Effect = z.object({
  /** `push`, `pull_request`, `pictures`, `issue`, or the name of a thread of the round. */
  name: z.string(),
  /** `refused`: by the forge, for a reason that another try does not change. */
  outcome: z.enum(['done', 'refused']),
  /** What was pushed. */
  commit: z.string().optional(),
  url: z.string().optional(),
  /** Why it was refused, or what was left unchanged. */
  why: z.string().optional(),
});
export type Effect = z.infer<typeof Effect>;

/** What is published: the branch as a pull request, the work of a round, or the result of a merge in its issue. */
export const PublishWork = z.object({
  what: z.enum(['pull_request', 'round', 'issue']),
  /** Include people's answers in the text. */
  withAnswers: z.literal(true).optional(),
  /** The supervisor watches the pull request. */
  watched: z.boolean().optional(),
});
export type PublishWork = z.infer<typeof PublishWork>;

/** What was asked for at the end of a session; the worker does it next, even if it is replaced meanwhile. */
export const Finishing = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('archive'), by: By, to: z.string() }),
  z.object({ kind: z.literal('discard'), by: By, to: z.string(), trash: Trash }),
  z.object({
    kind: z.literal('documents'),
    by: By,
    to: z.string(),
    moved: z.array(z.string()),
    kept: z.array(z.string()),
  }),
  z.object({ kind: z.literal('unarchive'), by: By }),
  z.object({ kind: z.literal('merge'), by: By, into: z.string() }),
  PublishWork.extend({ kind: z.literal('publish'), by: By }),
]);
export type Finishing = z.infer<typeof Finishing>;
/** Each as a noun, for sentences. */
export const FINISHING: Readonly<Record<Finishing['kind'], string>> = {
  archive: 'archiving',
  discard: 'discarding',
  documents: 'archiving of documents',
  unarchive: 'restoring from the archive',
  merge: 'merge',
  publish: 'publishing',
};
export type FinishingOf<K extends Finishing['kind']> = Extract<Finishing, { kind: K }>;

export const PublishEnd = z.object({
  what: PublishWork.shape.what,
  /** `left`: a person has to do it, with `commands`. `joined`: commits of others are tested first. */
  outcome: z.enum(['published', 'left', 'failed', 'stopped', 'joined']),
  /** For people, without text from agents. */
  summary: z.string(),
  url: z.string().optional(),
  /** The repository that the branch was pushed to, as `host/owner/name`. */
  from: z.string().optional(),
  /** The file with the text of the pull request. */
  bodyPath: z.string().optional(),
  commands: z.array(z.string()),
  /** git could not push this commit to this remote. */
  unpushed: z.object({ tip: z.string(), remote: z.string(), branch: z.string() }).optional(),
});
export type PublishEnd = z.infer<typeof PublishEnd>;
