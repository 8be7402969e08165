import * as z from 'zod';
import { Bite } from './proving.ts';
import { PHASE_NAMES, SIGNAL_STATUSES, WAITING_FOR, type WaitingFor } from './table.ts';

const PhaseName = z.enum(PHASE_NAMES);

/** An agent's signal as it is judged and recorded: known fields only, long texts truncated. */
export const JudgedSignal = z.object({
  status: z.enum(SIGNAL_STATUSES),
  phase: PhaseName.optional(),
  /** The invalid phase in the signal. */
  unknownPhase: z.string().optional(),
  for: z.enum(WAITING_FOR).optional(),
  reason: z.string().optional(),
  needs: z.string().optional(),
  note: z.string().optional(),
  summary: z.string().optional(),
  file: z.string().optional(),
  /** Ids of messages that the agent has taken into account. */
  acknowledged: z.array(z.string()).optional(),
  /** Ids of requirements that a quality agent has verified. */
  reviewed: z.array(z.string()).optional(),
});
export type JudgedSignal = z.infer<typeof JudgedSignal>;

/** A signal with all that its status needs, as its parser leaves it. */
export type CompleteSignal = JudgedSignal &
  (
    | { status: 'continue' }
    | { status: 'waiting'; for: WaitingFor }
    | { status: 'handoff'; note: string }
    | { status: 'blocked'; reason: string; needs: string }
    | { status: 'done'; summary: string }
  );

export const ProvedRequirement = z.object({
  id: z.string(),
  text: z.string(),
  /** A command of the full set, or `reviewed`. */
  check: z.string(),
  kind: z.enum(['new', 'stays']).optional(),
});
export type ProvedRequirement = z.infer<typeof ProvedRequirement>;

/** A way in which the checks of a branch might prove less than those of its base. */
export const Weakening = z.object({
  path: z.string(),
  /** Completes a sentence that begins with the path. */
  what: z.string(),
  /** Identifies the weakening: once accepted, it is not asked about again. */
  key: z.string(),
});
export type Weakening = z.infer<typeof Weakening>;

/** A test or check file of the base that the branch changed, with line counts unless it is binary. */
export const ChangedTest = z.object({
  path: z.string(),
  added: z.int().optional(),
  removed: z.int().optional(),
});
export type ChangedTest = z.infer<typeof ChangedTest>;

/** Whether the tests of the base hold on quick work. */
export const OldTests = z.object({
  /** broken: the tests fail. needs: they pass only with these files. off: OLD_TESTS=off, or checks in the worktree. */
  kind: z.enum(['kept', 'broken', 'needs', 'untried', 'off']),
  /** kept: the tests of the base that are gone. Otherwise those files that differ. */
  files: z.array(z.string()),
  /** What failed, or kept them from being tried. */
  why: z.string().optional(),
  /** Who accepted that. */
  by: z.enum(['person', 'review']).optional(),
  /** Commands that pass, and no longer print lines that they print on the base. */
  unlike: z.array(z.string()).optional(),
  /** Those that change by the approved plan, and so were left as they are now. */
  planned: z.array(z.object({ path: z.string(), why: z.string() })).optional(),
});
export type OldTests = z.infer<typeof OldTests>;

/**
 * The reasons for another agent in the same phase without progress. `excused`: interrupted from outside (a usage
 * limit, an outage, a user's stop), so earlier failure counts stay.
 */
export const RETRY_KINDS = ['corrective', 'no_signal', 'timeout', 'failure', 'excused'] as const;
export type RetryKind = (typeof RETRY_KINDS)[number];

const Run = z.object({
  kind: z.literal('run'),
  phase: PhaseName,
  notes: z.array(z.string()),
  /** `backoff`: wait before the next start, longer each time. */
  delay: z.enum(['none', 'backoff']),
  /** The worker sent the work back, which counts like failed tests, or like a round of quality. */
  sentBack: z.literal(true).optional(),
  retry: z.enum(RETRY_KINDS).optional(),
});

const Limited = z.object({
  kind: z.literal('limited'),
  phase: PhaseName,
  notes: z.array(z.string()),
  /** Milliseconds since the epoch; null when unknown, as in an outage. */
  until: z.number().nullable(),
  retry: z.enum(RETRY_KINDS).optional(),
});

const Done = z.object({
  kind: z.literal('done'),
  phase: PhaseName,
  summary: z.string(),
  requirements: z.array(ProvedRequirement).optional(),
  changedTests: z.array(ChangedTest).optional(),
  oldTests: OldTests.optional(),
  bite: Bite.optional(),
});

/** What a signal asked for, and the worker must prove first. */
export const SignalClaim = z.discriminatedUnion('kind', [Run, Done]);
export type SignalClaim = z.infer<typeof SignalClaim>;

const Park = z.object({
  kind: z.literal('park'),
  phase: PhaseName,
  for: z.enum(WAITING_FOR),
  /** The phase after the wait. */
  resumePhase: PhaseName,
  reason: z.string().optional(),
  file: z.string().optional(),
  /** No question was asked: the worker writes its own. */
  askNothingToClarify: z.boolean().optional(),
  /** The subject of the worker's question: checks that might prove less than on the base. */
  weakened: z.array(Weakening).optional(),
  /** No agent had a question, which is shown to whoever decides about the plan. */
  unasked: z.literal(true).optional(),
  sentBack: z.literal(true).optional(),
  /** The worker adds its questions about checks that fail on the base commit. */
  asksAboutBase: z.literal(true).optional(),
  /** The fingerprint of the changes of a round that neither plan nor pull request explains. */
  beyond: z.string().optional(),
  /** Other changed test and check files, for people. */
  changedTests: z.array(z.string()).optional(),
  /** The worker proves it after the wait: no agent has to signal again. */
  claim: SignalClaim.optional(),
  /** For the prompt of the agent after the wait. */
  notes: z.array(z.string()).optional(),
});

const Block = z.object({
  kind: z.literal('block'),
  phase: PhaseName,
  /** For people: the agent's reason, or the violated rule. */
  reason: z.string(),
  needs: z.string(),
  /** A key of BLOCK_RULES, or a rule of the worker's own, such as `credentials_changed`. */
  rule: z.string(),
});

/** The decision on an outcome; `phase` is the session's phase from then on. */
export const Decision = z.discriminatedUnion('kind', [Run, Limited, Park, Block, Done]);
export type Decision = z.infer<typeof Decision>;
export type RunDecision = z.infer<typeof Run>;
export type ParkDecision = z.infer<typeof Park>;
export type BlockDecision = z.infer<typeof Block>;
