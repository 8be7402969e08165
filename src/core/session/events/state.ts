import * as z from 'zod';
import { SignalClaim } from '../../kernel/phases/decision.ts';
import { ENDING_KINDS } from '../../kernel/phases/ending.ts';
import { NOTHING_SPENT, SessionLimits, SessionSpent } from '../../kernel/phases/limits.ts';
import { EMPTY_TRAIL, ProgressTrail } from '../../kernel/phases/no-progress.ts';
import { Outage } from '../../kernel/phases/outage.ts';
import { initialProgress } from '../../kernel/phases/progress.ts';
import { BaseChecks, KnownBite, KnownCell, PassedRun, Proving } from '../../kernel/phases/proving.ts';
import { PHASE_NAMES } from '../../kernel/phases/table.ts';
import { KeptWindow } from '../../kernel/phases/usage-windows.ts';
import { SANDBOX_LEVELS } from '../../kernel/sandbox-level.ts';
import { BegunIteration, ChosenAgent } from './bodies/event-types.ts';
import { Effect, PublishEnd, Trash } from './bodies/finishing.ts';
import { PicturesTaken } from './bodies/pictures.ts';
import {
  Block,
  ControlQuestion,
  Cost,
  KnownRounds,
  Limited,
  Parked,
  Places,
  PlanServer,
  Position,
  PullRequestFact,
  StartConditions,
} from './bodies/positions.ts';
import { KeptSessionFile } from './bodies/session-file.ts';
import { By } from './bodies/who-acted.ts';
import { OpenWork } from './open-work.ts';

const PhaseName = z.enum(PHASE_NAMES);
const since = z.iso.datetime();

/** The worker's own questions are in `asks`: some can be answered anew after the wait. */
export const Waiting = z.object({
  kind: z.literal('waiting'),
  since,
  ...Parked.omit({ asks: true }).shape,
});
export type WaitingStatus = z.infer<typeof Waiting>;

const LimitedNow = Limited.extend({ kind: z.literal('limited'), since });
export type LimitedStatus = z.infer<typeof LimitedNow>;

export const Status = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('starting'), since }),
  z.object({ kind: z.literal('queued'), since, reason: z.string(), order: StartConditions.optional() }),
  z.object({ kind: z.literal('running'), since }),
  Waiting,
  LimitedNow,
  /** `parked`: the wait that the block or stop interrupted, to which a resume returns. */
  Block.extend({ kind: z.literal('blocked'), since, parked: Waiting.optional() }),
  z.object({
    kind: z.literal('stopped'),
    since,
    by: By,
    why: z.string(),
    /** Of the block that the stop ended. */
    rule: z.string().optional(),
    parked: Waiting.optional(),
  }),
  z.object({ kind: z.literal('done'), since, summary: z.string() }),
]);
export type Status = z.infer<typeof Status>;

const Worktree = z.object({
  path: z.string(),
  branch: z.string(),
  base: z.string(),
  baseCommit: z.string(),
  /** See the event `prepared`. */
  baseRef: z.string().optional(),
  judgedFrom: z.string().optional(),
  firstCommit: z.string().optional(),
});

/** A message that no agent has received. `line`: its first one, truncated. */
const UnreadMessage = z.object({ id: z.string(), at: since, by: By, line: z.string() });
export type UnreadMessage = z.infer<typeof UnreadMessage>;

export const OpenIteration = BegunIteration.extend({
  startedAt: since,
  /** When a notice reported that its agent was silent. */
  stalledAt: since.optional(),
  /** Prompt parts for its agent that no file contains: repeated to the next agent unless this one used them. */
  told: z.object({ notes: z.array(z.string()), feedback: z.string().optional() }),
});
export type OpenIteration = z.infer<typeof OpenIteration>;

const LastIteration = z.object({
  iteration: z.int(),
  phase: PhaseName,
  ending: z.enum(ENDING_KINDS),
  endedAt: since,
  durationMs: z.number(),
  usd: z.number().optional(),
  problem: z.string().optional(),
  lastAction: z.string().optional(),
  next: z.string().optional(),
});

/** The fold of a session's events. Its size does not grow with the number of iterations. */
export const SessionState = z.object({
  n: z.int().nonnegative(),
  /** Highest fencing token seen: an event with a lower one came from a worker that had lost its lease. */
  lease: z.int().nonnegative(),
  createdAt: since.optional(),
  /** The choices of its start, as they were recorded. */
  file: KeptSessionFile.optional(),
  /** Who started the session, or gave its newest goal. */
  startedBy: By.optional(),
  prepared: z.boolean(),
  archived: z.boolean(),
  runWanted: z.boolean(),
  status: Status,
  /** The state of its start order; `keptFor`: what a person was asked about and chose to wait for. */
  order: z
    .object({
      isOver: z.literal(true).optional(),
      startsAnyway: z.literal(true).optional(),
      keptFor: z.string().optional(),
    })
    .optional(),
  /** What a rewind restores; `parked` and `done` are part of `status`, `rounds` of `pullRequest`. */
  ...Position.omit({ parked: true, done: true, rounds: true }).shape,
  worktree: Worktree.optional(),
  /** The sandbox level found at the start, or before the newest agent. */
  sandbox: z.enum(SANDBOX_LEVELS).optional(),
  /** Of the newest worker's machine. */
  platform: z.string().optional(),
  openIteration: OpenIteration.optional(),
  /** Names of the credentials that each provider's last agent used. Cleared when a person resumes. */
  paidBy: z.record(z.string(), z.array(z.string())),
  lastProvider: z.string().optional(),
  lastIteration: LastIteration.optional(),
  work: OpenWork.optional(),
  /** For the next agent: corrections, hand-offs, the person's note. */
  notes: z.array(z.string()),
  backoff: z.boolean(),
  /** How many of the newest iterations in a row ended at a usage limit. */
  limitsInARow: z.int().nonnegative().optional(),
  outage: Outage.optional(),
  /** The rules of the blocks from which a model alone resumed it since a person last acted. */
  resumedByModel: z.array(z.string()).optional(),
  stopWanted: z.object({ by: By, when: z.enum(['after_iteration', 'now']) }).optional(),
  /** How the last publication ended, and each of its effects. */
  lastPublish: PublishEnd.pick({ what: true, outcome: true, summary: true })
    .extend({ at: since, effects: z.array(Effect) })
    .optional(),
  /** `since`: the beginning of its state. */
  pullRequest: PullRequestFact.extend({ since, rounds: KnownRounds.optional() }).optional(),
  trash: Trash.optional(),
  /** By the hash of the plan with which they were accepted: a rewind can return to an earlier plan. */
  planServers: z.record(z.string(), z.array(PlanServer)).optional(),
  messages: z.object({ waiting: z.array(UnreadMessage), unacknowledged: z.array(z.string()) }),
  cost: Cost,
  /** What counts against the limits, and the limits that a person raised. */
  spent: SessionSpent,
  raisedLimits: SessionLimits.optional(),
  /** Kept windows that a person opened, each until its end. */
  opened: z.array(KeptWindow).optional(),
  chosen: ChosenAgent.optional(),
  places: Places.optional(),
  /** Names of the variables of the start, and of those that the newest worker lacks. */
  environment: z.array(z.string()).optional(),
  lacksVariables: z.array(z.string()).optional(),
  /** The name of the pool machine that has the session, and of those on which an agent worked. */
  host: z.string().optional(),
  workedOn: z.array(z.string()).optional(),
  checks: z.array(z.string()).optional(),
  proving: Proving.optional(),
  baseChecks: BaseChecks.optional(),
  /** Of each requirement at the newest `done`: its command, or `reviewed`. */
  requirementChecks: z.array(z.string()).optional(),
  /** Whether idle sleep is held off, as a sentence. */
  sleep: z.object({ isHeld: z.boolean(), text: z.string() }).optional(),
  /** How long and how often it stood still, and until when the last time. */
  slept: z.object({ ms: z.number(), times: z.int(), until: since }).optional(),
  /** Why quick work became that of a full session: text of an agent. */
  widened: z.string().optional(),
  outsidePlan: z.array(z.string()).optional(),
  bite: KnownBite.optional(),
  acceptedWeakenings: z.array(z.string()).optional(),
  /** How long SETUP and the checks took that ran last on the work, in milliseconds. */
  checksTookMs: z.number().optional(),
  /** Of the same set. */
  passedRuns: z.array(PassedRun).optional(),
  /** The newest ones, oldest first. */
  cells: z.array(KnownCell).optional(),
  /** Of the wait that it is in, and those about its base. */
  asks: z.array(ControlQuestion).optional(),
  /** Judged before any other agent runs: a person has answered what it waited for. */
  claim: SignalClaim.optional(),
  /** The newest ones; they count for their own commit. */
  pictures: PicturesTaken.optional(),
  /** Since when a person uses the application while no agent works. */
  servicesUp: z.object({ since, by: By }).optional(),
  /** Warnings already given, by `warningKey`, and codes of notices about money. */
  budgetWarned: z.array(z.string()),
  wrappedUp: z.boolean(),
  /** A limit ended an agent: whatever was counted, the next one only wraps up. */
  wrapUpDue: z.boolean(),
  trail: ProgressTrail,
});
export type SessionState = z.infer<typeof SessionState>;

export function emptyState(): SessionState {
  return {
    n: 0,
    lease: 0,
    prepared: false,
    archived: false,
    runWanted: true,
    status: { kind: 'starting', since: new Date(0).toISOString() },
    progress: initialProgress(),
    paidBy: {},
    notes: [],
    backoff: false,
    answers: [],
    oldRounds: 0,
    oldPlans: [],
    messages: { waiting: [], unacknowledged: [] },
    cost: {},
    spent: { session: NOTHING_SPENT, phases: {} },
    budgetWarned: [],
    wrappedUp: false,
    wrapUpDue: false,
    trail: EMPTY_TRAIL,
  };
}
