import * as z from 'zod';
import { SANDBOX_LEVELS } from '../../base/sandbox-level.ts';
import { NOTHING_SPENT, SessionCaps, SessionSpent } from '../../phases/caps.ts';
import { Decision } from '../../phases/decision.ts';
import { ENDING_KINDS } from '../../phases/ending.ts';
import { EMPTY_TRAIL, ProgressTrail } from '../../phases/no-progress.ts';
import { Outage } from '../../phases/outage.ts';
import { initialProgress } from '../../phases/progress.ts';
import { AddedTests, BaseChecks, Proving } from '../../phases/proving.ts';
import { PHASE_NAMES } from '../../phases/table.ts';
import { BegunIteration, ChosenChild, Trash } from './bodies/event-types.ts';
import {
  Block,
  Cost,
  Limited,
  Parked,
  Places,
  PlanServer,
  Position,
  RewindTarget,
} from './bodies/positions.ts';
import { By } from './bodies/who-acted.ts';

const PhaseName = z.enum(PHASE_NAMES);
const since = z.iso.datetime();

const Waiting = z.object({ kind: z.literal('waiting'), since, ...Parked.shape });
export type WaitingStatus = z.infer<typeof Waiting>;

const LimitedNow = Limited.extend({ kind: z.literal('limited'), since });
export type LimitedStatus = z.infer<typeof LimitedNow>;

export const Status = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('starting'), since }),
  z.object({ kind: z.literal('queued'), since, reason: z.string() }),
  z.object({ kind: z.literal('running'), since }),
  Waiting,
  LimitedNow,
  /** `parked`: the wait in which it was blocked or stopped, and to which it goes back. */
  Block.extend({ kind: z.literal('blocked'), since, parked: Waiting.optional() }),
  z.object({ kind: z.literal('stopped'), since, by: By, why: z.string(), parked: Waiting.optional() }),
  z.object({ kind: z.literal('done'), since, summary: z.string() }),
]);
export type Status = z.infer<typeof Status>;

const Worktree = z.object({ path: z.string(), branch: z.string(), base: z.string(), baseCommit: z.string() });

export const OpenIteration = BegunIteration.extend({
  startedAt: since,
  /** Its silence was told. */
  stalledAt: since.optional(),
  /** What its child was given and no file holds: given again unless it worked on it. */
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
  /** Of the session, or of its newest goal. */
  startedBy: By.optional(),
  prepared: z.boolean(),
  archived: z.boolean(),
  runWanted: z.boolean(),
  status: Status,
  /** All that a rewind takes back; `parked` and `done` are of the status. */
  ...Position.omit({ parked: true, done: true }).shape,
  worktree: Worktree.optional(),
  /** What keeps its agents from what is not theirs: as it was promised at the start, or found at the last of them. */
  sandbox: z.enum(SANDBOX_LEVELS).optional(),
  openIteration: OpenIteration.optional(),
  /** Who paid for the last child of each provider: credential names. Empty when a person resumes. */
  paidBy: z.record(z.string(), z.array(z.string())),
  lastProvider: z.string().optional(),
  lastIteration: LastIteration.optional(),
  pending: Decision.optional(),
  /** For the next child: corrections, hand-offs, the person's note. */
  notes: z.array(z.string()),
  backoff: z.boolean(),
  /** Newest iterations that ended at a usage limit, one after the other. */
  limitsInARow: z.int().nonnegative().optional(),
  outage: Outage.optional(),
  stopWanted: z.object({ by: By, when: z.enum(['after_iteration', 'now']) }).optional(),
  /** Files are to be put back before anything else is done; `n`: number of the event that asked. */
  rewind: z
    .object({
      ...{ n: z.int(), by: By, to: RewindTarget, commit: z.string(), back: Position },
      /** It failed when some files were back, and waits for a person. */
      isHalfway: z.literal(true).optional(),
    })
    .optional(),
  merge: z.object({ by: By, into: z.string() }).optional(),
  trash: Trash.optional(),
  /** By the hash of the plan with which they were accepted: a rewind may go back to an earlier one. */
  planServers: z.record(z.string(), z.array(PlanServer)).optional(),
  messages: z.object({ waiting: z.array(z.string()), unacknowledged: z.array(z.string()) }),
  /** Newest commands that were answered, oldest first: the same command twice counts once. */
  answeredCommands: z.array(z.string()),
  cost: Cost,
  /** What counts against the limits, and the limits that a person raised. */
  spent: SessionSpent,
  raisedCaps: SessionCaps.optional(),
  chosen: ChosenChild.optional(),
  places: Places.optional(),
  checks: z.array(z.string()).optional(),
  proving: Proving.optional(),
  baseChecks: BaseChecks.optional(),
  outsidePlan: z.array(z.string()).optional(),
  addedTests: AddedTests.optional(),
  acceptedWeakenings: z.array(z.string()).optional(),
  /** Warnings that were told, as `warningKey` names them, and codes of notices about unknown prices. */
  budgetTold: z.array(z.string()),
  wrappedUp: z.boolean(),
  /** A child was ended by a limit: whatever was counted, the next one only leaves things in order. */
  wrapUpDue: z.boolean(),
  trail: ProgressTrail,
});
export type SessionState = z.infer<typeof SessionState>;

export const REMEMBERED_COMMANDS = 128;

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
    answeredCommands: [],
    cost: {},
    spent: { session: NOTHING_SPENT, phases: {} },
    budgetTold: [],
    wrappedUp: false,
    wrapUpDue: false,
    trail: EMPTY_TRAIL,
  };
}
