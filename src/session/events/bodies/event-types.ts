import * as z from 'zod';
import { ProcessIdentity } from '../../../base/processes/host.ts';
import { SANDBOX_LEVELS } from '../../../base/sandbox-level.ts';
import { CAP_NAMES, SessionCaps } from '../../../phases/caps.ts';
import { CodeEdits } from '../../../phases/code-edits.ts';
import { Decision, JudgedSignal } from '../../../phases/decision.ts';
import { ENDING_KINDS } from '../../../phases/ending.ts';
import { ChecksRan, ProvedRequirement, Proving } from '../../../phases/proving.ts';
import { PHASE_NAMES } from '../../../phases/table.ts';
import { Block, Refusal } from './block.ts';
import { ChosenChild } from './chosen-child.ts';
import { Cost } from './cost.ts';
import { FINISHING_BODIES } from './finishing.ts';
import { Limited } from './limited.ts';
import { Places } from './places.ts';
import { Parked, PlanServer, PlanVersion, Position, RecordedAnswer, RewindTarget } from './positions.ts';
import { TakenOver } from './taken-over.ts';
import { By } from './who-acted.ts';

const COMMAND_KINDS = [
  'start',
  'answer',
  'approve',
  'request_changes',
  'message',
  'stop',
  'resume',
  'archive',
  'unarchive',
  'rewind',
  'merge',
  'discard',
] as const;

const PhaseName = z.enum(PHASE_NAMES);

/** What is fixed when an iteration begins. */
export const BegunIteration = z.object({
  iteration: z.int(),
  phase: PhaseName,
  provider: z.string(),
  model: z.string(),
  /** File name in `_logs/`, without its folder. */
  log: z.string(),
  childUuid: z.string(),
  timeLimitMs: z.number(),
  /** All that is left of the budget is for leaving things in order. */
  wrapUp: z.boolean().optional(),
});

/** What each type of event carries beside the envelope. */
export const EVENT_BODIES = {
  session_created: z.object({
    sessionId: z.string(),
    runWanted: z.boolean(),
    /** Whose choices those of the start are. */
    by: By,
    /** The text of `session.json`: the choices of the person, out of reach of whoever edits that file. */
    file: z.string(),
    /** What keeps its agents from what is not theirs. */
    sandbox: z.enum(SANDBOX_LEVELS),
  }),
  taken_over: TakenOver,
  prepared: z.object({
    worktree: z
      .object({ path: z.string(), branch: z.string(), base: z.string(), baseCommit: z.string() })
      .optional(),
    phase: PhaseName,
    warnings: z.array(z.string()),
  }),
  environment_read: z.object({ names: z.array(z.string()), fingerprint: z.string(), used: z.boolean() }),
  worker_took_over: z.object({
    worker: ProcessIdentity,
    version: z.string(),
    previous: z.enum(['none', 'released', 'died']),
    /** What it found to do about an open iteration, and why. */
    recovery: z.enum(['nothing', 'adopt', 'finish', 'run_again']),
    why: z.string().optional(),
    /** Bytes of a torn last line that were cut off the log. */
    truncatedBytes: z.int().optional(),
  }),
  worker_left: z.object({ why: z.string() }),
  command_accepted: z.object({ id: z.string(), kind: z.enum(COMMAND_KINDS), by: By }),
  command_refused: z.object({
    id: z.string(),
    kind: z.enum(COMMAND_KINDS).or(z.literal('unreadable')),
    by: By.optional(),
    ...Refusal.shape,
  }),
  queued: z.object({ reason: z.string() }),
  /** Queue, usage limit or the wait of an outage are over. */
  went_on: z.object({ why: z.enum(['slot_free', 'limit_over', 'fallback']) }),
  iteration_started: BegunIteration.extend({
    /** Names of the credentials that were set: who pays. */
    credentials: z.array(z.string()),
    sandbox: z.enum(SANDBOX_LEVELS),
  }),
  iteration_ended: z.object({
    iteration: z.int(),
    phase: PhaseName,
    ending: z.enum(ENDING_KINDS),
    exitCode: z.int().nullable(),
    signal: JudgedSignal.optional(),
    /** Why there is no usable signal, or what was assumed about the one there is. */
    signalNotes: z.array(z.string()),
    decision: Decision,
    /** Anything changed: worktree, documents, overview. */
    changed: z.boolean(),
    /** The worktree's tree differs from the one before the child. */
    treeChanged: z.boolean(),
    problem: z.string().optional(),
    cost: Cost,
    /** Awake time. */
    durationMs: z.number(),
    head: z.string().optional(),
    /** Fingerprint of files, documents and signal: equal ones mean that nothing came forward. */
    print: z.string().optional(),
    /** Worktree and documents as the child left them, kept under a ref of ours. */
    checkpoint: z.object({ ref: z.string(), commit: z.string() }).optional(),
    /** Files that differ from the base and the approved plan does not name, so far; at most a hundred. */
    outsidePlan: z.array(z.string()).optional(),
    /** Code that agents of phases of documents changed, so far. */
    codeEdits: CodeEdits.optional(),
    /** Overview lines, so that a deleted overview can be rebuilt. */
    lastAction: z.string().optional(),
    next: z.string().optional(),
    flowLines: z.array(z.string()),
  }),
  checks_ran: ChecksRan,
  parked: Parked,
  answers_recorded: z.object({
    by: By,
    answers: z.array(RecordedAnswer),
    /** Ids still without an answer. */
    open: z.array(z.string()),
  }),
  plan_approved: z.object({
    by: By,
    plan: PlanVersion,
    phase: PhaseName,
    /** MCP servers of the plan that were accepted with it. */
    servers: z.array(PlanServer).optional(),
  }),
  changes_requested: z.object({ by: By, feedback: z.string() }),
  message_kept: z.object({ by: By, id: z.string(), file: z.string() }),
  messages_delivered: z.object({ ids: z.array(z.string()), iteration: z.int() }),
  messages_acknowledged: z.object({ ids: z.array(z.string()) }),
  forgery_seen: z.object({ what: z.string(), detail: z.string() }),
  budget_warned: z.object({
    cap: z.enum(CAP_NAMES),
    scope: PhaseName.or(z.literal('session')),
    percent: z.number(),
    limit: z.number(),
    spent: z.number(),
  }),
  limited: Limited.extend({ provider: z.string() }),
  blocked: z.object({ phase: PhaseName, ...Block.shape }),
  stop_requested: z.object({ by: By, when: z.enum(['after_iteration', 'now']) }),
  stopped: z.object({ by: By, why: z.string() }),
  resumed: z.object({
    by: By,
    phase: PhaseName,
    note: z.string().optional(),
    goal: z.string().optional(),
    /** Phase counts begin anew. */
    resetsCounts: z.boolean(),
    /** Limits that hold from now on, beside those of the start. */
    caps: SessionCaps.optional(),
    child: ChosenChild.optional(),
    /** Checks that count from now on instead of those of the start. */
    checks: z.array(z.string()).optional(),
    /** Where and how they run from now on. */
    proving: Proving.optional(),
    /** What was moved since the start. */
    places: Places.optional(),
    /** A lower level than before, with which a person lets it go on. */
    sandbox: z.enum(SANDBOX_LEVELS).optional(),
    /** With a goal: rounds of questions and plans that belong to the work before. */
    oldRounds: z.int().optional(),
    oldPlans: z.array(z.string()).optional(),
    /** The fingerprint of the requirement ledger of the work before. */
    oldLedger: z.string().optional(),
    /** The commit that the work before ended with. */
    oldTip: z.string().optional(),
  }),
  phase_set: z.object({ phase: PhaseName, from: PhaseName }),
  done: z.object({ summary: z.string(), requirements: z.array(ProvedRequirement).optional() }),
  archived: z.object({
    by: By,
    what: z.enum(['session', 'documents']),
    /** File names that are put away, with `documents`. */
    moved: z.array(z.string()),
    /** Folder that takes them, relative to SESSIONS or to the session folder. */
    to: z.string(),
    places: Places.optional(),
  }),
  ...FINISHING_BODIES,
  /** The files of `commit` are put back next, however often the worker is replaced meanwhile. */
  rewind_asked: z.object({ by: By, to: RewindTarget, commit: z.string(), back: Position }),
  rewound: z.object({
    to: RewindTarget,
    /** What stood there before. */
    undo: z.object({ ref: z.string(), commit: z.string() }),
    /** Left as they were: no checkpoint holds them. */
    leftOut: z.array(z.string()),
    head: z.string().optional(),
  }),
  rewind_failed: z.object({ to: RewindTarget, code: z.string(), reason: z.string() }),
  notice: z.object({ code: z.string(), text: z.string() }),
} as const;

export type EventType = keyof typeof EVENT_BODIES;
export type EventBody<T extends EventType> = z.infer<(typeof EVENT_BODIES)[T]>;
