import * as z from 'zod';
import { ACTS, type NextStep } from '../../../base/acts.ts';
import { OUTAGES, type OutageKind } from '../../../phases/ending.ts';
import { OUTAGE_TEXT } from '../../../phases/outage.ts';
import { Progress } from '../../../phases/progress.ts';
import { PHASE_NAMES, WAITING_FOR } from '../../../phases/table.ts';
import { By } from './who-acted.ts';

export const RecordedAnswer = z.object({
  id: z.string(),
  /** Hash of the question with its options: an answer counts for the question that the person saw. */
  question: z.string(),
  text: z.string(),
});
export type RecordedAnswer = z.infer<typeof RecordedAnswer>;

/** An answer on record, by whom it was given, and when. */
export const AnswerOnRecord = RecordedAnswer.extend({ by: By, at: z.string() });
export type AnswerOnRecord = z.infer<typeof AnswerOnRecord>;

export const PlanVersion = z.object({ name: z.string(), hash: z.string() });
export type PlanVersion = z.infer<typeof PlanVersion>;

/** An MCP server that a plan proposes for the agents of its session. */
export const PlanServer = z.object({
  name: z.string(),
  /** Program and arguments, started without a shell; absent: a ready entry of ours. */
  command: z.array(z.string()).optional(),
});
export type PlanServer = z.infer<typeof PlanServer>;

export const Parked = z.object({
  for: z.enum(WAITING_FOR),
  resumePhase: z.enum(PHASE_NAMES),
  reason: z.string().optional(),
  file: z.string().optional(),
  /** Hash of the watched file (`_qa.md`, or the one named) at parking. */
  fileHash: z.string().optional(),
  openQuestions: z.array(z.string()),
  /** Answers that stood in `_qa.md` though no person had given them. */
  unconfirmed: z.array(RecordedAnswer),
  plan: PlanVersion.optional(),
  /** One of the questions asks about weakened checks: its id, and the keys of what an answer accepts. */
  weakened: z.object({ question: z.string(), keys: z.array(z.string()) }).optional(),
  /** One of the questions asks about checks that fail on the base commit: its fingerprint. */
  baseQuestion: z.string().optional(),
});
export type Parked = z.infer<typeof Parked>;

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
  into: z.string(),
  outcome: z.enum(MERGE_OUTCOMES),
  /** What was merged, and onto what. */
  tip: z.string().optional(),
  onto: z.string().optional(),
  commit: z.string().optional(),
  /** Why the base branch was not moved: a sentence of ours. */
  reason: z.string().optional(),
  files: z.array(z.string()),
  /** For the person to run, in order. */
  commands: z.array(z.string()),
});
export type MergeEnd = z.infer<typeof MergeEnd>;

/** The number of an iteration, 0 for before the first; or the rewind before this one is taken back. */
export const RewindTarget = z.int().nonnegative().or(z.literal('undo'));
export type RewindTarget = z.infer<typeof RewindTarget>;

/** Where a session stood at an earlier moment: all that goes back with its files. */
export const Position = z.object({
  progress: Progress,
  approvedPlan: PlanVersion.extend({ by: By }).optional(),
  answers: z.array(AnswerOnRecord),
  /** What the human wants changed in the plan, for the next planning child. */
  feedback: z.string().optional(),
  goal: z.string().optional(),
  /** The commit that the work for an earlier goal ended with: what a later one changes is compared with it. */
  goalBase: z.string().optional(),
  /** Rounds of `_qa.md` and plan documents that belong to the goals before. */
  oldRounds: z.int().nonnegative(),
  oldPlans: z.array(z.string()),
  oldLedger: z.string().optional(),
  parked: Parked.optional(),
  /** The commands of the last full run that passed, and the requirements that a quality agent has found to hold. */
  passed: z.array(z.string()).optional(),
  reviewed: z.array(z.string()).optional(),
  reviewedAt: z.record(z.string(), z.string()).optional(),
  /** Of these three none comes back by a rewind, but by taking one back: then all is as it was. */
  done: z.object({ since: z.iso.datetime(), summary: z.string() }).optional(),
  /** The commit on which all checks last passed, in a fresh clone unless CHECK_IN=worktree. */
  proved: z
    .object({
      ...{ commit: z.string(), commands: z.array(z.string()) },
      /** Those of them that were red before the work, and are red after it. */
      redAfter: z.array(z.string()).optional(),
    })
    .optional(),
  lastMerge: MergeEnd.pick({ outcome: true, into: true, commit: true, reason: true }).optional(),
});
export type Position = z.infer<typeof Position>;

/** What to do next, in an event: each face words it. What a newer samocode wrote there is left out. */
const RecordedSteps = z
  .array(
    z.object({
      act: z.enum(ACTS),
      args: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).optional()).optional(),
      when: z.string().optional(),
      ifWanted: z.literal(true).optional(),
    }),
  )
  .optional()
  .catch(undefined) satisfies z.ZodType<NextStep[] | undefined>;

export const Refusal = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  next: RecordedSteps,
});

/** Why a session cannot continue until a person acts. */
export const Block = z.object({
  reason: z.string(),
  needs: z.string(),
  rule: z.string(),
  /** What opens it, where a resume with a note does not. */
  next: RecordedSteps,
});

/** What is waited out where it is no usage limit, and after when a person is asked. */
const OutageWait = z.object({ kind: z.enum(OUTAGES), asksAt: z.number() });

/** A wait that ends by itself. Times are milliseconds since the epoch. */
export const Limited = z.object({ until: z.number(), guessed: z.boolean(), outage: OutageWait.optional() });

/** What is waited out, when it is tried again and who is asked when. */
export function outageWords(
  kind: OutageKind,
  { next, asks }: { next?: string | undefined; asks?: string | undefined } = {},
): string {
  const times = [next && `next try ${next}`, asks && `asks ${asks}`].filter(Boolean).join(', ');
  return times === '' ? OUTAGE_TEXT[kind] : `${OUTAGE_TEXT[kind]}; ${times}`;
}

/** What one iteration can be said to have used: sums of any number of them stay numbers that JSON has. */
export const Amount = z.number().min(0).max(1e15);

/** What children cost: of one iteration, or of a session so far. */
export const Cost = z.object({
  usd: Amount.optional(),
  inputTokens: Amount.optional(),
  outputTokens: Amount.optional(),
  cachedTokens: Amount.optional(),
  turns: Amount.optional(),
  /** The money was computed from a table of prices: the CLI tells tokens alone. */
  usdIsEstimate: z.boolean().optional(),
  /** Of one iteration only: what ran, and what it did. */
  model: z.string().optional(),
  version: z.string().optional(),
  tools: z.record(z.string(), z.int()).optional(),
  /** Files that tools of writing named; what a shell changed is not among them. */
  files: z.array(z.string()).optional(),
  denied: z.array(z.string()).optional(),
});
export type Cost = z.infer<typeof Cost>;

/** Where things stand now that stood elsewhere at the start; what is absent stands where it did. */
export const Places = z.object({
  configPath: z.string().optional(),
  mainRepo: z.string().optional(),
  worktreesDir: z.string().optional(),
  worktreePath: z.string().optional(),
  constraintsPath: z.string().optional(),
  mcpPath: z.string().optional(),
  cliPaths: z.record(z.string(), z.string()).optional(),
});
export type Places = z.infer<typeof Places>;

/** Later ones count; a CLI that is not named stays where it was. */
export function withPlaces(before: Places | undefined, now: Places): Places {
  const cliPaths = { ...before?.cliPaths, ...now.cliPaths };
  return { ...before, ...now, ...(Object.keys(cliPaths).length > 0 && { cliPaths }) };
}
