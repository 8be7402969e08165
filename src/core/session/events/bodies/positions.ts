import * as z from 'zod';
import { ACTS, type NextStep } from '../../../kernel/acts.ts';
import { Decision, SignalClaim } from '../../../kernel/phases/decision.ts';
import { OUTAGES, type OutageKind } from '../../../kernel/phases/ending.ts';
import { PERMISSIONS } from '../../../kernel/phases/grants.ts';
import { OUTAGE_TEXT } from '../../../kernel/phases/outage.ts';
import { Progress } from '../../../kernel/phases/progress.ts';
import { Proving } from '../../../kernel/phases/proving.ts';
import { PHASE_NAMES, WAITING_FOR } from '../../../kernel/phases/table.ts';
import { KeptWindow } from '../../../kernel/phases/usage-windows.ts';
import { SANDBOXES, SandboxOpenings } from '../../../kernel/sandbox-level.ts';
import { By } from './who-acted.ts';

export const BegunWorktree = z.object({
  path: z.string(),
  branch: z.string(),
  base: z.string(),
  baseCommit: z.string(),
});

/** The state of a folder without machine state when a session was created from it, and where the session continues. */
export const TakenOver = z.object({
  totalIterations: z.int().nonnegative(),
  decision: Decision,
  /** Of a folder that is done: no agent of it finds its worktree. */
  worktree: BegunWorktree.extend({ baseRef: z.string().optional() }).optional(),
});
export type TakenOver = z.infer<typeof TakenOver>;

export const RecordedAnswer = z.object({
  id: z.string(),
  /** Hash of the question with its options: an answer counts only for the question that the person saw. */
  question: z.string(),
  text: z.string(),
  /** The letter that `text` chooses, if samocode itself asked. */
  choice: z.string().optional(),
});
export type RecordedAnswer = z.infer<typeof RecordedAnswer>;

/** A recorded answer, with who gave it and when. */
export const AnswerOnRecord = RecordedAnswer.extend({ by: By, at: z.string() });
export type AnswerOnRecord = z.infer<typeof AnswerOnRecord>;

export const PlanVersion = z.object({ name: z.string(), hash: z.string() });
export type PlanVersion = z.infer<typeof PlanVersion>;

/** An MCP server that a plan proposes for the agents of its session. */
export const PlanServer = z.object({
  name: z.string(),
  /** Program and arguments, started without a shell; absent: a predefined server. */
  command: z.array(z.string()).optional(),
});
export type PlanServer = z.infer<typeof PlanServer>;

const Range = z.object({ least: z.number(), most: z.number() });
/** What a plan would take, as builds until 0.2 recorded it. Nothing writes or shows it any more. */
const PlanEstimate = z.object({
  provider: z.string(),
  model: z.string(),
  from: z.enum(['project', 'machine']),
  sessions: z.int().nonnegative(),
  ranges: z.object({ iterations: Range, hours: Range, usd: Range.optional() }).optional(),
});

/** The conditions that must all hold before a session begins. */
export const StartConditions = z.object({
  /** The folder of a session that has to be done. */
  after: z.string().optional(),
  /** The sessions of this group have to be done, including those that join it later. */
  afterGroup: z.string().optional(),
  /** The folder of a session whose branch has to be merged. */
  afterMerge: z.string().optional(),
  /** Milliseconds since the epoch; `limit`: when the usage limit of its provider's account ends. */
  at: z.number().or(z.literal('limit')).optional(),
});
export type StartConditions = z.infer<typeof StartConditions>;

/** A question of the worker itself: what the letter that a person chooses has for an effect is in `../asks.ts`. */
export const ControlQuestion = z.object({
  /** `order`: whether to begin although a preceding session is not done. */
  kind: z.enum(['weakened', 'red_base', 'other_failure', 'order']),
  /** The fingerprint of the question in `_qa.md`; in format 1 the id of some. */
  question: z.string(),
  /** What it is about: weakened checks, the command that fails, the situation of the start order. */
  keys: z.array(z.string()),
  /** The round of a question about the start order. */
  round: z.int().optional(),
});
export type ControlQuestion = z.infer<typeof ControlQuestion>;

export const Parked = z.object({
  for: z.enum(WAITING_FOR),
  resumePhase: z.enum(PHASE_NAMES),
  reason: z.string().optional(),
  file: z.string().optional(),
  /** Hash of the watched file (`_qa.md`, or the one named) at parking. */
  fileHash: z.string().optional(),
  openQuestions: z.array(z.string()),
  /** Answers in `_qa.md` that are not known to come from a person. */
  unconfirmed: z.array(RecordedAnswer),
  plan: PlanVersion.optional(),
  estimate: PlanEstimate.optional(),
  /** The questions of the worker itself among them. */
  asks: z.array(ControlQuestion).optional(),
  /** The plan came without a question of any agent, which is shown to whoever decides about it. */
  unasked: z.literal(true).optional(),
  /** The fingerprint of what a round changed beyond plan and pull request, which an approval accepts. */
  beyond: z.string().optional(),
  /** What the worker proves once a person has answered, without another agent. */
  claim: SignalClaim.optional(),
});
export type Parked = z.infer<typeof Parked>;

const MERGE_OUTCOMES = [
  /** The base branch has the work. */
  'merged',
  /** Merged and checked, but the user must move the base branch: with `commands`. */
  'ready',
  'conflicts',
  'checks_failed',
  'stopped',
  'failed',
] as const;

export const MergeEnd = z.object({
  into: z.string(),
  outcome: z.enum(MERGE_OUTCOMES),
  /** The commit that was merged, and the commit that it was merged into. */
  tip: z.string().optional(),
  onto: z.string().optional(),
  commit: z.string().optional(),
  /** Why the base branch was not moved: one sentence, without text from agents. */
  reason: z.string().optional(),
  files: z.array(z.string()),
  /** For the user to run, in order. */
  commands: z.array(z.string()),
});
export type MergeEnd = z.infer<typeof MergeEnd>;

/** A comment on a pull request that no round has answered, and that no agent reads. */
export const SeenComment = z.object({
  key: z.string(),
  by: z.string(),
  url: z.string(),
  /** When it was written or last edited. */
  at: z.string(),
  /** `stranger`: its author may not steer agents. */
  held: z.literal('stranger').optional(),
});
export type SeenComment = z.infer<typeof SeenComment>;

/** Work on the feedback on a pull request: failed checks, review comments, a conflict. */
export const Round = z.object({
  number: z.int().positive(),
  /** What started it: no key starts a second one. */
  keys: z.array(z.string()),
  /** The head of the pull request and the tip of its base branch when it began. */
  head: z.string(),
  base: z.string(),
  /** The threads to answer, by the names that its document gives them. */
  threads: z.array(z.object({ name: z.string(), id: z.string() })),
});
export type Round = z.infer<typeof Round>;

export const KnownRounds = z.object({
  /** `accepted`: the difference that a person accepted for it. */
  newest: Round.extend({ accepted: z.string().optional() }).optional(),
  /** The work of the newest one is not in the pull request yet. */
  isOpen: z.literal(true).optional(),
  /** The highest number that a round ever had. */
  used: z.int().nonnegative(),
  /** What has started a round, oldest first. */
  keys: z.array(z.string()),
});
export type KnownRounds = z.infer<typeof KnownRounds>;

/** Since when, and why, the forge does not report the state of a pull request. */
const Unseen = z.object({ since: z.iso.datetime(), why: z.string() });
/** What a merge leaves out: commits of the branch, of its open round if it has one. */
const Missing = z.object({ round: z.int().positive().optional(), commits: z.int().positive() });
const RequestState = z.enum(['open', 'merged', 'closed']);

/** The pull request of the session's branch, as the forge last described it. */
export const PullRequestFact = z.object({
  /** `host/owner/name`. */
  repository: z.string(),
  number: z.int().positive(),
  url: z.string(),
  state: RequestState,
  /** Once merged: the commit in the base, even after a squash. */
  mergeCommit: z.string().optional(),
  missing: Missing.optional(),
  /** The supervisor watches it until it is merged or closed. */
  watched: z.boolean(),
  unseen: Unseen.optional(),
  /** When it was last seen, as of the last recorded change. */
  lastSeenAt: z.iso.datetime().optional(),
  /** Why a person must review it before samocode continues with it. */
  asks: z.string().optional(),
  words: z.array(SeenComment).optional(),
  /** The tip of the branch when samocode last pushed it, or the head that the newest round began with. */
  pushed: z.string().optional(),
  /** The newest round whose work it contains. */
  round: z.int().positive().optional(),
});
export type PullRequestFact = z.infer<typeof PullRequestFact>;

/** What has changed about a pull request: an absent field stays, null clears it. */
export const PullRequestChange = z
  .object({
    url: z.string(),
    state: RequestState,
    mergeCommit: z.string().nullable(),
    missing: Missing.nullable(),
    watched: z.boolean(),
    unseen: Unseen.nullable(),
    lastSeenAt: z.iso.datetime(),
    asks: z.string().nullable(),
    words: z.array(SeenComment).nullable(),
    pushed: z.string().nullable(),
    round: z.int().positive(),
  })
  .partial();
export type PullRequestChange = z.infer<typeof PullRequestChange>;

/** The number of an iteration, or 0 for before the first; `undo` reverts the previous rewind. */
export const RewindTarget = z.int().nonnegative().or(z.literal('undo'));
export type RewindTarget = z.infer<typeof RewindTarget>;

/** The state of a session at an earlier moment: everything that is restored together with its files. */
export const Position = z.object({
  progress: Progress,
  approvedPlan: PlanVersion.extend({ by: By }).optional(),
  answers: z.array(AnswerOnRecord),
  /** The changes to the plan that a person requested, for the next planning agent. */
  feedback: z.string().optional(),
  goal: z.string().optional(),
  /** The last commit of the work for the previous goal: the base of comparison for the current one. */
  goalBase: z.string().optional(),
  /** Rounds of `_qa.md` and plan documents that belong to earlier goals. */
  oldRounds: z.int().nonnegative(),
  oldPlans: z.array(z.string()),
  oldLedger: z.string().optional(),
  parked: Parked.optional(),
  /** The commands that passed in the last full run, and the requirements that a quality agent confirmed. */
  passed: z.array(z.string()).optional(),
  reviewed: z.array(z.string()).optional(),
  reviewedAt: z.record(z.string(), z.string()).optional(),
  /** `of`: the number of their pull request. */
  rounds: KnownRounds.extend({ of: z.int().optional() }).optional(),
  /** These three are not restored by a rewind, only by undoing one. */
  done: z.object({ since: z.iso.datetime(), summary: z.string() }).optional(),
  /** The commit on which all checks last passed, in a fresh clone unless CHECK_IN=worktree. */
  proved: z
    .object({
      commit: z.string(),
      commands: z.array(z.string()),
      /** The commands among them that were red before the work and still are. */
      redAfter: z.array(z.string()).optional(),
      /** Those that failed, passed when repeated, and do both on the base too. */
      unsteady: z.array(z.string()).optional(),
    })
    .optional(),
  lastMerge: MergeEnd.pick({ outcome: true, into: true, commit: true, reason: true }).optional(),
});
export type Position = z.infer<typeof Position>;

/** Next steps in an event, which each program words itself. Steps unknown to this version are dropped. */
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
  /** How to unblock the session, if not by a resume with a note. */
  next: RecordedSteps,
});

/** The kind of an outage, and the time after which a person is asked. */
const OutageWait = z.object({ kind: z.enum(OUTAGES), asksAt: z.number() });

/** A wait that ends without a person. Times are milliseconds since the epoch. */
export const Limited = z.object({
  until: z.number(),
  guessed: z.boolean(),
  outage: OutageWait.optional(),
  /** The windows whose rest a person keeps, if that is all that it waits for. */
  kept: z.array(KeptWindow).optional(),
});

/** Describes an outage, the next attempt, and who is asked when. */
export function describeOutage(
  kind: OutageKind,
  { next, asks }: { next?: string; asks?: string } = {},
): string {
  const times = [next && `next try ${next}`, asks && `asks ${asks}`].filter(Boolean).join(', ');
  return times === '' ? OUTAGE_TEXT[kind] : `${OUTAGE_TEXT[kind]}; ${times}`;
}

/** The bounds of a reported amount: sums of any number of them remain finite, as JSON requires. */
export const Amount = z.number().min(0).max(1e15);

/** The cost of agents: of one iteration, or of a session so far. */
export const Cost = z.object({
  usd: Amount.optional(),
  inputTokens: Amount.optional(),
  outputTokens: Amount.optional(),
  cachedTokens: Amount.optional(),
  turns: Amount.optional(),
  /** Computed from a table of prices because the CLI reports only tokens. */
  usdIsEstimate: z.boolean().optional(),
  /** The following fields are set for a single iteration only. */
  model: z.string().optional(),
  version: z.string().optional(),
  tools: z.record(z.string(), z.int()).optional(),
  /** Files written by editing tools; files changed by shell commands are not included. */
  files: z.array(z.string()).optional(),
  denied: z.array(z.string()).optional(),
});
export type Cost = z.infer<typeof Cost>;

/** What a machine decides about the sessions on it, according to its own trusted `.samocode`. */
export const HostSettings = z.object({
  /** Absolute path of each provider's CLI, as found at the start. */
  cliPaths: z.record(z.string(), z.string()),
  /** The command line of ACP_COMMAND, and what the user permits for agents of that protocol. */
  acp: z
    .object({ command: z.string(), asks: z.literal(true), withoutGuard: z.literal(true) })
    .partial()
    .optional(),
  permissions: z.enum(PERMISSIONS),
  /** The user says that a gateway passes the questions of a reviewer on. */
  gatewayReviewed: z.literal(true).optional(),
  /** The people whose acts open gates from other machines of the pool; absent: everyone who is trusted. */
  gatePeople: z.array(z.string()).optional(),
  sandbox: z.enum(SANDBOXES),
  openings: SandboxOpenings,
  checks: z.array(z.string()),
  setup: z.string().optional(),
  proving: Proving,
  constraintsPath: z.string().optional(),
  mcpPath: z.string().optional(),
  /** The author and committer set in the environment at the start; otherwise git's settings apply. */
  gitIdentity: z.record(z.string(), z.string()).optional(),
  scenarioPath: z.string().optional(),
});
export type HostSettings = z.infer<typeof HostSettings>;

/** Where a session that began on another machine is now, and what its new machine decides. */
export const Places = z.object({
  configPath: z.string(),
  mainRepo: z.string(),
  worktreesDir: z.string(),
  worktreePath: z.string(),
  settings: HostSettings,
});
export type Places = z.infer<typeof Places>;

/** The places of a session that came from another machine, and the work that stayed there, one sentence each. */
export const Arrived = Places.extend({ left: z.array(z.string()).optional() });
export type Arrived = z.infer<typeof Arrived>;
