import * as z from 'zod';
import { Decision, JudgedSignal, ProvedRequirement } from '../../../kernel/phases/decision.ts';
import { ENDING_KINDS } from '../../../kernel/phases/ending.ts';
import { LIMIT_NAMES, SessionLimits } from '../../../kernel/phases/limits.ts';
import { ChecksRan, Proving } from '../../../kernel/phases/proving.ts';
import { PHASE_NAMES, WAYS } from '../../../kernel/phases/table.ts';
import { ProcessIdentity } from '../../../kernel/processes/host.ts';
import { SANDBOX_LEVELS } from '../../../kernel/sandbox-level.ts';
import { Effect, Finishing, PublishEnd, Trash } from './finishing.ts';
import { PicturesTaken } from './pictures.ts';
import {
  Amount,
  AnswerOnRecord,
  BegunWorktree,
  Block,
  Cost,
  Limited,
  MergeEnd,
  Parked,
  Places,
  PlanServer,
  PlanVersion,
  Position,
  PullRequestChange,
  PullRequestFact,
  RecordedAnswer,
  Refusal,
  RewindTarget,
  Round,
  StartConditions,
  TakenOver,
} from './positions.ts';
import { GivenTexts, KeptSessionFile } from './session-file.ts';
import { By } from './who-acted.ts';

/** Another provider or model that a person chose for the following agents. */
export const ChosenAgent = z.object({
  /** For every phase. Absent: the session's settings apply. */
  provider: z.string().optional(),
  /** With a provider: for every phase, or empty for its default. Without: for the phases that have no model set. */
  model: z.string(),
  cliPath: z.string().optional(),
});
export type ChosenAgent = z.infer<typeof ChosenAgent>;

/** Characters of a message's `line`. */
export const MAX_MESSAGE_LINE = 200;

const PhaseName = z.enum(PHASE_NAMES);

/** What is fixed when an iteration starts. */
export const BegunIteration = z.object({
  iteration: z.int(),
  phase: PhaseName,
  provider: z.string(),
  model: z.string(),
  /** File name in `_logs/`, without its folder. */
  log: z.string(),
  childUuid: z.string(),
  timeLimitMs: z.number(),
  /** The rest of the budget is only for wrapping up. */
  wrapUp: z.boolean().optional(),
});

export const EVENT_BODIES = {
  session_created: z.object({
    sessionId: z.string(),
    runWanted: z.boolean(),
    /** Who made the choices at the start. */
    by: By,
    /** The user's choices, safe from later edits of `session.json`. */
    file: KeptSessionFile,
    given: GivenTexts.optional(),
    sandbox: z.enum(SANDBOX_LEVELS),
    /** Of the machine, by which the level is described: `darwin`. */
    platform: z.string().optional(),
  }),
  /** Follows the creation or a new goal; an event, because a build that does not know it must refuse the session. */
  way_chosen: z.object({ way: z.enum(WAYS) }),
  taken_over: TakenOver,
  prepared: z.object({
    worktree: BegunWorktree.optional(),
    /** The full name of the base, because a local branch may be called like one of a remote; none for a commit or tag. */
    baseRef: z.string().optional(),
    /** Where the base is work of a session that is not merged: the commit from which that work began. */
    judgedFrom: z.string().optional(),
    /** The commit on top of the base with the files that a chat had changed: no work of the session. */
    firstCommit: z.string().optional(),
    phase: PhaseName,
    warnings: z.array(z.string()),
    /** Names of the variables with which SETUP ran. */
    environment: z.array(z.string()).optional(),
  }),
  environment_read: z.object({
    /** Those of a login shell. */
    names: z.array(z.string()),
    used: z.boolean(),
    /** Those of the start that are still not set. */
    missing: z.array(z.string()).optional(),
  }),
  worker_took_over: z.object({
    worker: ProcessIdentity,
    version: z.string(),
    previous: z.enum(['none', 'released', 'died']),
    /** What the worker does about an open iteration, and why. */
    recovery: z.enum(['nothing', 'adopt', 'finish', 'run_again']),
    why: z.string().optional(),
    truncatedBytes: z.int().optional(),
    /** Paths that differ from those of the previous worker. */
    places: Places.optional(),
    /** The name of its machine in the pool. */
    host: z.string().optional(),
    platform: z.string().optional(),
  }),
  worker_left: z.object({ why: z.string() }),
  command_accepted: z.object({
    id: z.string(),
    kind: z.string(),
    by: By,
    /** The fingerprint of its other fields; one with the same id and other fields is not that command. */
    request: z.string().optional(),
  }),
  command_refused: z.object({
    id: z.string(),
    /** `unreadable` for a file that is not a command. */
    kind: z.string(),
    by: By.optional(),
    ...Refusal.shape,
  }),
  /** `order`: the session has not begun, and waits for this instead of a slot; a `limit` is resolved to a time. */
  queued: z.object({ reason: z.string(), order: StartConditions.optional() }),
  /** A wait in the queue, for a usage limit or for an outage is over. */
  went_on: z.object({ why: z.enum(['slot_free', 'limit_over', 'fallback', 'order_over']) }),
  iteration_started: BegunIteration.extend({
    credentials: z.array(z.string()),
    sandbox: z.enum(SANDBOX_LEVELS),
  }),
  iteration_ended: z.object({
    iteration: z.int(),
    phase: PhaseName,
    ending: z.enum(ENDING_KINDS),
    exitCode: z.int().nullable(),
    signal: JudgedSignal.optional(),
    /** Why there is no usable signal, or what was assumed about it. */
    signalNotes: z.array(z.string()),
    decision: Decision,
    /** Worktree, documents or overview changed. */
    changed: z.boolean(),
    /** The worktree's tree differs from the one before the agent. */
    treeChanged: z.boolean(),
    problem: z.string().optional(),
    cost: Cost,
    durationMs: Amount,
    head: z.string().optional(),
    /** Fingerprint of files, documents and signal: an equal one means no progress. */
    print: z.string().optional(),
    /** The checkpoint of worktree and documents after the agent. */
    checkpoint: z.object({ ref: z.string(), commit: z.string() }).optional(),
    /** Files changed since the base that the approved plan does not name; at most a hundred. */
    outsidePlan: z.array(z.string()).optional(),
    /** Overview lines, so that a deleted overview can be rebuilt. */
    lastAction: z.string().optional(),
    next: z.string().optional(),
    flowLines: z.array(z.string()),
  }),
  checks_ran: ChecksRan,
  /** The worker judged what an agent had signalled before a person was asked. */
  judged_again: z.object({ decision: Decision }),
  pictures_taken: PicturesTaken,
  /** A person wants to use the application while no agent works. `why`: the worker ended it. */
  services_wanted: z.object({ by: By, want: z.enum(['up', 'down']), why: z.string().optional() }),
  parked: Parked,
  answers_recorded: z.object({
    by: By,
    answers: z.array(RecordedAnswer),
    /** The earlier answers that these replace. */
    replaced: z.array(AnswerOnRecord).optional(),
    open: z.array(z.string()),
  }),
  plan_approved: z.object({
    by: By,
    plan: PlanVersion,
    phase: PhaseName,
    servers: z.array(PlanServer).optional(),
    /** Hash of the version that was proposed, if the approved one differs: the file was edited at the gate. */
    proposed: z.string().optional(),
    /** The line by which it leaves out testing. */
    testing: z.string().optional(),
  }),
  changes_requested: z.object({ by: By, feedback: z.string() }),
  /** `line`: its first one, truncated. */
  message_kept: z.object({ by: By, id: z.string(), file: z.string(), line: z.string().optional() }),
  /** Before any agent had received it. */
  message_withdrawn: z.object({ by: By, id: z.string() }),
  messages_delivered: z.object({ ids: z.array(z.string()), iteration: z.int() }),
  messages_acknowledged: z.object({ ids: z.array(z.string()) }),
  forgery_seen: z.object({ what: z.string(), detail: z.string() }),
  budget_warned: z.object({
    limitName: z.enum(LIMIT_NAMES),
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
    resetsCounts: z.boolean(),
    limits: SessionLimits.optional(),
    agent: ChosenAgent.optional(),
    checks: z.array(z.string()).optional(),
    proving: Proving.optional(),
    /** A lower level than before, which the person accepted. */
    sandbox: z.enum(SANDBOX_LEVELS).optional(),
    /** With a goal: rounds of questions and plans that belong to the earlier work. */
    oldRounds: z.int().optional(),
    oldPlans: z.array(z.string()).optional(),
    oldLedger: z.string().optional(),
    oldTip: z.string().optional(),
    /** A finished session works on the feedback on its pull request. */
    round: Round.optional(),
  }),
  /** `after`: SETUP passed after a resume. Absent: a person set it, in the file. */
  phase_set: z.object({ phase: PhaseName, from: PhaseName, after: z.literal('setup').optional() }),
  done: z.object({ summary: z.string(), requirements: z.array(ProvedRequirement).optional() }),
  /** What follows is done next, even if the worker is replaced meanwhile. */
  finish_asked: z.object({ work: Finishing }),
  effect_ended: Effect,
  publish_ended: PublishEnd.extend({ by: By }),
  /** Asked for, and not done. */
  finish_ended: z.object({ kind: z.string(), code: z.string(), reason: z.string().optional() }),
  archived: z.object({
    by: By,
    what: z.enum(['session', 'documents']),
    /** With `documents`: names of the archived files. */
    moved: z.array(z.string()),
    /** The target folder, relative to SESSIONS or to the session folder. */
    to: z.string(),
  }),
  /** `archived` follows. */
  discarded: z.object({ by: By, trash: Trash }),
  unarchived: z.object({ by: By }),
  merge_ended: MergeEnd,
  /** The pull request was opened, or something about it has changed. */
  pull_request_changed: z.object({
    by: By,
    ...PullRequestFact.pick({ repository: true, number: true }).shape,
    change: PullRequestChange,
  }),
  /** The files of `commit` are restored next, even if the worker is replaced meanwhile. */
  rewind_asked: z.object({ by: By, to: RewindTarget, commit: z.string(), back: Position }),
  rewound: z.object({
    to: RewindTarget,
    /** The checkpoint from before the rewind. */
    undo: z.object({ ref: z.string(), commit: z.string() }),
    /** Files left unchanged because no checkpoint contains them. */
    leftOut: z.array(z.string()),
    head: z.string().optional(),
  }),
  rewind_failed: z.object({ to: RewindTarget, code: z.string(), reason: z.string() }),
  /** `sleptMs`: how long the session stood still meanwhile. */
  notice: z.object({ code: z.string(), text: z.string(), sleptMs: Amount.optional() }),
} as const;

export type EventType = keyof typeof EVENT_BODIES;
export type EventBody<T extends EventType> = z.infer<(typeof EVENT_BODIES)[T]>;
