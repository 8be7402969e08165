import type { Decision } from '../../kernel/phases/decision.ts';
import { withEnding } from '../../kernel/phases/outage.ts';
import {
  firstPhase,
  inPhase,
  isAccepted,
  withChildEnded,
  withChildStarted,
  withCountsReset,
  withDecision,
  withNewGoal,
  withPhaseSet,
  withRound,
} from '../../kernel/phases/progress.ts';
import { noteWith } from '../../kernel/phases/verdict.ts';
import type { SandboxLevel } from '../../kernel/sandbox-level.ts';
import { mergeAnswers, withWindowsOpened } from './accepted.ts';
import { afterAsked, withAsked, withBaseChoices } from './asks.ts';
import { BegunIteration, type EventType } from './bodies/event-types.ts';
import { PicturesTaken } from './bodies/pictures.ts';
import type { HostSettings, Places, StartConditions } from './bodies/positions.ts';
import type { EventOf, SessionEvent } from './events.ts';
import { checksRan, withResumedChecks } from './fold-checks.ts';
import { FINISH_FOLDS } from './fold-finishing.ts';
import { MESSAGE_FOLDS } from './fold-messages.ts';
import { pullRequestChanged, withAccepted, withoutOpenRound, withRoundBegun } from './fold-pull-request.ts';
import { ruleOfBlock, withResumesOfModel } from './fold-resumes.ts';
import {
  keptBase,
  RESET_FIELDS,
  rewound,
  withHalfwayRewind,
  withoutDecision,
  withWorkResumed,
} from './fold-rewound.ts';
import { SLEEP, withSleep } from './fold-sleep.ts';
import { addCosts, countedIteration, refreshed, warned, withNoticeOnce } from './fold-spent.ts';
import { type SessionState, type Status, Waiting, type WaitingStatus } from './state.ts';

export function fold(state: SessionState, event: SessionEvent): SessionState {
  // The entry matches the event's type, which TypeScript cannot infer from indexing by a union.
  const change = FOLDS[event.type] as (state: SessionState, event: SessionEvent) => SessionState;
  const after = withResumesOfModel(change(state, event), event, state);
  return { ...after, n: event.n, lease: Math.max(state.lease, event.lease) };
}

const FOLDS: { [T in EventType]: (state: SessionState, event: EventOf<T>) => SessionState } = {
  session_created: (state, { at, runWanted, by, sandbox, file }) => ({
    ...state,
    createdAt: at,
    file,
    startedBy: by,
    sandbox,
    runWanted,
    status: { kind: 'starting', since: at },
  }),
  way_chosen: (state, { way }) => ({
    ...state,
    progress: { ...state.progress, way, ...(state.prepared && { phase: firstPhase(way) }) },
  }),
  taken_over: (state, { at, totalIterations, decision, worktree }) => ({
    ...running(state, at),
    ...(worktree && { worktree }),
    progress: { ...inPhase(state.progress, decision.phase), totalIterations },
    ...workOf(decision),
  }),
  prepared: (state, { at, phase, worktree, baseRef, judgedFrom, firstCommit, warnings, environment }) => ({
    ...running(state, at),
    environment,
    prepared: true,
    notes: [...state.notes, ...warnings],
    progress: inPhase(state.progress, phase),
    ...(worktree && { worktree: { ...worktree, baseRef, judgedFrom, firstCommit } }),
  }),
  command_accepted: (state) => state,
  command_refused: (state) => state,
  queued: (state, { at, reason, order }) => ({
    ...state,
    status: { kind: 'queued', since: queuedSince(state, order) ?? at, reason, order },
  }),
  went_on: (state, { at, why }) => running(why === 'order_over' ? withOrderOver(state) : state, at),
  iteration_started: iterationStarted,
  iteration_ended: iterationEnded,
  checks_ran: checksRan,
  judged_again: (state, { decision }) => ({
    ...state,
    claim: undefined,
    progress: withDecision(state.progress, decision),
    ...workOf(decision),
    notes: [...state.notes, ...('notes' in decision ? (decision.notes ?? []) : [])].slice(-MAX_NOTES),
  }),
  pictures_taken: (state, event) => ({ ...state, pictures: PicturesTaken.parse(event) }),
  services_wanted: (state, { at, by, want }) => ({
    ...state,
    servicesUp: want === 'up' ? { since: at, by } : undefined,
  }),
  parked,
  answers_recorded: answersRecorded,
  plan_approved: (state, event) => {
    const { at, by, plan, phase, servers } = event;
    const approved = { progress: inPhase(state.progress, phase), approvedPlan: { ...plan, by } };
    const planServers = servers ? { ...state.planServers, [plan.hash]: servers } : state.planServers;
    const accepted = state.status.kind === 'waiting' ? state.status.beyond : undefined;
    const pullRequest = withAccepted(state.pullRequest, accepted);
    const { claim } = state.status.kind === 'waiting' ? state.status : {};
    return { ...running(state, at), ...approved, feedback: undefined, planServers, pullRequest, claim };
  },
  changes_requested: (state, { at, feedback }) => ({
    ...running(state, at),
    progress: inPhase(state.progress, 'planning'),
    approvedPlan: undefined,
    feedback,
  }),
  ...MESSAGE_FOLDS,
  budget_warned: warned,
  limited: (state, { at, until, guessed, outage, kept }) =>
    settled(state, { kind: 'limited', since: at, until, guessed, outage, kept }),
  blocked: (state, { at, reason, needs, rule, next }) =>
    settled(withHalfwayRewind(state, rule), {
      kind: 'blocked',
      since: at,
      reason,
      needs,
      rule,
      next,
      ...interruptedWait(state),
    }),
  stop_requested: (state, { by, when }) => ({ ...state, stopWanted: { by, when } }),
  stopped: (state, { at, by, why }) => ({
    ...state,
    stopWanted: undefined,
    servicesUp: undefined,
    status: { kind: 'stopped', since: at, by, why, rule: ruleOfBlock(state), ...interruptedWait(state) },
  }),
  resumed: (state, event) => resumed({ ...state, ...(event.sandbox && { sandbox: event.sandbox }) }, event),
  phase_set: phaseSet,
  done: (state, { at, summary, requirements }) => ({
    ...settled(state, { kind: 'done', since: at, summary }),
    requirementChecks: requirements?.map(({ check }) => check),
  }),
  ...FINISH_FOLDS,
  pull_request_changed: pullRequestChanged,
  rewind_asked: (state, { n, by, to, commit, back }) => ({
    ...state,
    work: { kind: 'rewind', n, by, to, commit, back },
  }),
  rewound,
  rewind_failed: (state) => ({ ...state, work: undefined }),
  worker_took_over: (state, { places, host, platform }) => foldPlaces({ ...state, host, platform }, places),
  worker_left: (state) => state,
  environment_read: (state, { missing }) => ({ ...state, lacksVariables: missing }),
  forgery_seen: (state, { what, detail }) => ({
    ...state,
    notes: [
      ...state.notes,
      noteWith('Not yours to change, and restored or ignored', `${what} (${detail}).`),
    ].slice(-MAX_NOTES),
  }),
  notice: (state, event) => {
    const { code, at, text } = event;
    if (code === WIDENED) return { ...state, widened: text };
    if (SLEEP.includes(code)) return withSleep(state, event);
    if (FOR_AGENTS.includes(code)) return { ...state, notes: [...state.notes, text].slice(-MAX_NOTES) };
    return code === 'stalled' && state.openIteration
      ? { ...state, openIteration: { ...state.openIteration, stalledAt: at } }
      : withNoticeOnce(state, code);
  },
};

/** The code of the notice that quick work needs questions and a plan after all. */
export const WIDENED = 'widened';

/** The code of a notice about connections that a strict sandbox refused. */
export const NETWORK_REFUSED = 'network_refused';

/** The code of a notice about work that stayed on another machine. */
export const LEFT_BEHIND = 'left_behind';

/** The code of a notice about services that failed or ended. */
export const SERVICES_FAILED = 'services_failed';

/** The code of a notice about files that programs of the project changed in the worktree. */
export const FOUND = 'found';

const FOR_AGENTS: readonly string[] = [NETWORK_REFUSED, LEFT_BEHIND, SERVICES_FAILED, FOUND];

/** Notes go to the next agent only; neither state nor prompts may grow without bound. */
const MAX_NOTES = 20;

/** Whether a resume ends the session's wait for others; a person who was asked about that wait is asked again. */
function beginsNow({ status, prepared }: SessionState): boolean {
  const isHeld = status.kind === 'queued' || (status.kind === 'stopped' && status.parked === undefined);
  return isHeld && !prepared;
}

/** Drops the answers too: answers about the order open no gate. */
function withOrderOver(state: SessionState): SessionState {
  return { ...state, order: { isOver: true }, answers: [] };
}

function running(state: SessionState, since: string): SessionState {
  return { ...state, status: { kind: 'running', since } };
}

/** The wait that a stop or a block interrupts; a resume returns to it. */
function interruptedWait({ status }: SessionState): { parked?: WaitingStatus } {
  if (status.kind === 'waiting') return { parked: status };
  return 'parked' in status && status.parked ? { parked: status.parked } : {};
}

/** The decision now has its own event. */
function settled(state: SessionState, status: Status): SessionState {
  return { ...withoutDecision(state), status };
}

/** What a decision leaves to do; another run needs nothing before it. */
function workOf(decision: Decision): Pick<SessionState, 'work'> {
  return { work: decision.kind === 'run' ? undefined : { kind: 'decision', decision } };
}

/** A session that waits for its turn has waited since it was queued, whatever the reason is now. */
function queuedSince({ status }: SessionState, order: StartConditions | undefined): string | undefined {
  const isSame = status.kind === 'queued' && status.order === undefined && order === undefined;
  return isSame ? status.since : undefined;
}

function iterationStarted(state: SessionState, event: EventOf<'iteration_started'>): SessionState {
  const { iteration, phase, provider, at, sandbox } = event;
  const { feedback, ...rest } = state;
  const told = { notes: state.notes, feedback };
  return {
    ...rest,
    status: { kind: 'running', since: at },
    servicesUp: undefined,
    progress: withChildStarted(inPhase(state.progress, phase), iteration),
    openIteration: { ...BegunIteration.parse(event), startedAt: at, told },
    lastProvider: provider,
    workedOn: state.host ? [...new Set([...(state.workedOn ?? []), state.host])] : state.workedOn,
    sandbox,
    paidBy: { ...state.paidBy, [provider]: event.credentials },
    notes: [],
    backoff: false,
  };
}

function iterationEnded(state: SessionState, event: EventOf<'iteration_ended'>): SessionState {
  const { iteration, phase, ending, decision, durationMs, problem, lastAction, next } = event;
  const {
    at: endedAt,
    cost: { usd },
  } = event;
  const { openIteration, ...rest } = state;
  const again = openIteration !== undefined && !isAccepted(event) ? openIteration.told : { notes: [] };
  // Notes recorded while the iteration was open are also for the next agent.
  const notes = [...again.notes, ...state.notes, ...('notes' in decision ? (decision.notes ?? []) : [])];
  return {
    ...again,
    ...rest,
    progress: withChildEnded(state.progress, event),
    lastIteration: { iteration, phase, ending, endedAt, usd, durationMs, problem, lastAction, next },
    ...workOf(decision),
    // Two failures can add the same note.
    notes: [...new Set(notes)].slice(-MAX_NOTES),
    outsidePlan: event.outsidePlan,
    backoff: decision.kind === 'run' && decision.delay === 'backoff',
    limitsInARow: ending === 'usage_limit' ? (state.limitsInARow ?? 0) + 1 : 0,
    outage: withEnding(state.outage, { ending, durationMs }),
    cost: addCosts(state.cost, event.cost),
    ...reviewedAfter(state, event),
    ...countedIteration(state, event),
  };
}

function parked(state: SessionState, event: EventOf<'parked'>): SessionState {
  const status = Waiting.parse({ ...event, kind: 'waiting', since: event.at });
  return settled(withAsked(state, event.asks), status);
}

function answersRecorded(state: SessionState, event: EventOf<'answers_recorded'>): SessionState {
  const given = { ...state, answers: mergeAnswers(state.answers, event) };
  const answered = withBaseChoices(given, event.answers);
  const { status } = state;
  if (status.kind !== 'waiting' || status.for !== 'qa_answers') return answered;
  if (event.open.length === 0) {
    const { phase, ...rest } = afterAsked(answered, status);
    // Without its phase, the answer sent the work back.
    const claim = phase === status.resumePhase ? status.claim : undefined;
    return {
      ...running({ ...answered, ...rest }, event.at),
      progress: inPhase(state.progress, phase),
      claim,
    };
  }
  const ids = new Set(event.answers.map((answer) => answer.id));
  const unconfirmed = status.unconfirmed.filter((answer) => !ids.has(answer.id));
  return { ...answered, status: { ...status, openQuestions: event.open, unconfirmed } };
}

function resumed(state: SessionState, event: EventOf<'resumed'>): SessionState {
  const { note, goal, phase, oldRounds, oldPlans, oldLedger, oldTip, agent, round } = event;
  const begun = beginsNow(state) ? withOrderOver(state) : state;
  const checked = running(withWorkResumed(withResumedChecks(begun, event)), event.at);
  // Whoever adds to the work wants an agent for it.
  const claim = note === undefined && phase === state.progress.phase ? state.claim : undefined;
  const continued = { ...checked, stopWanted: undefined, outage: undefined, claim };
  // A resume command applies to the environment it is run in. An edited file and a round of a pull request do not:
  // the edit could come from anywhere, and the settings start the round.
  const isElsewhere = event.by.channel === 'file' || event.by.channel === 'settings';
  const kept = isElsewhere ? continued : { ...continued, paidBy: {}, lastProvider: undefined };
  const chosen = agent === undefined ? {} : { chosen: { ...state.chosen, ...agent } };
  const rest = {
    ...kept,
    ...chosen,
    ...withWindowsOpened(state, event),
    ...refreshed(state, event.limits),
    runWanted: true,
  };
  const notes = note === undefined ? state.notes : [...state.notes, noteWith('Note from the human', note)];
  if (goal !== undefined) {
    return {
      ...rest,
      ...RESET_FIELDS,
      acceptedWeakenings: undefined,
      cells: undefined,
      bite: undefined,
      baseChecks: keptBase(state),
      // Which gates open at the start now depends on who gave the new goal.
      startedBy: event.by,
      goal,
      // A merged or closed pull request belongs to the earlier work.
      pullRequest: state.pullRequest?.state === 'open' ? withoutOpenRound(state.pullRequest) : undefined,
      notes,
      answers: [],
      oldRounds: oldRounds ?? state.oldRounds,
      oldPlans: oldPlans ?? state.oldPlans,
      oldLedger: oldLedger ?? state.oldLedger,
      goalBase: oldTip ?? state.goalBase,
      progress: withNewGoal(state.progress),
    };
  }
  if (round !== undefined) {
    const pullRequest = withRoundBegun(state.pullRequest, round);
    return { ...rest, notes, pullRequest, progress: withRound(state.progress, phase), proved: undefined };
  }
  if ('parked' in state.status && state.status.parked) return { ...rest, notes, status: state.status.parked };
  const progress = event.resetsCounts ? withCountsReset(state.progress) : state.progress;
  return { ...rest, notes, backoff: false, progress: inPhase(progress, phase) };
}

/** A person ended the wait by setting the phase: a resume does not return to it. */
function phaseSet(state: SessionState, { at, phase }: EventOf<'phase_set'>): SessionState {
  const moved = { ...state, progress: withPhaseSet(state.progress, phase), claim: undefined };
  if (state.status.kind === 'waiting') return running(moved, at);
  if (!('parked' in state.status)) return moved;
  const { parked: _left, ...status } = state.status;
  return { ...moved, status };
}

/** The requirements that quality agents confirmed, and on which commit; later code must be reviewed again. */
function reviewedAfter(
  { reviewed = [], reviewedAt = {} }: Pick<SessionState, 'reviewed' | 'reviewedAt'>,
  event: EventOf<'iteration_ended'>,
): Pick<SessionState, 'reviewed' | 'reviewedAt'> {
  const { phase, head } = event;
  if (phase === 'implementation' && event.treeChanged) return { reviewed: undefined, reviewedAt: undefined };
  const found = phase === 'quality' && isAccepted(event) ? (event.signal?.reviewed ?? []) : [];
  const at = head === undefined ? {} : Object.fromEntries(found.map((id) => [id, head]));
  return { reviewed: [...new Set([...reviewed, ...found])], reviewedAt: { ...reviewedAt, ...at } };
}

/**
 * A session continues on another machine, with that machine's folders, account and decisions, whatever was
 * recorded elsewhere.
 */
function foldPlaces(state: SessionState, places: Places | undefined): SessionState {
  if (places === undefined) return state;
  const { checks: _checks, proving: _proving, worktree, chosen, ...rest } = state;
  const { worktreePath, settings } = places;
  const { cliPath: _path, ...agent } = chosen ?? { model: '' };
  const cliPath = agent.provider === undefined ? undefined : settings.cliPaths[agent.provider];
  return {
    ...rest,
    places,
    paidBy: {},
    sandbox: LEAST_LEVEL[settings.sandbox] ?? state.sandbox,
    ...(worktree && { worktree: { ...worktree, path: worktreePath } }),
    ...(chosen && { chosen: { ...agent, ...(cliPath !== undefined && { cliPath }) } }),
  };
}

/** The level that each setting requires here, whatever level was found on another machine. */
const LEAST_LEVEL: Partial<Record<HostSettings['sandbox'], SandboxLevel>> = {
  strict: 'strict',
  guard: 'best effort',
};
