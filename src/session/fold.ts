import {
  inPhase,
  withChildEnded,
  withChildStarted,
  withCountsReset,
  withNewGoal,
} from '../phases/progress.ts';
import type { Cost, RecordedAnswer } from './event-types.ts';
import type { EventOf, SessionEvent } from './events.ts';
import { REMEMBERED_COMMANDS, type SessionState, type Status } from './state.ts';

/** The state after one more event. Pure; an event of a worker that had lost its lease changes nothing. */
export function fold(state: SessionState, event: SessionEvent): SessionState {
  const next = { ...change(state, event), n: event.n, lease: Math.max(state.lease, event.lease) };
  return next;
}

function change(state: SessionState, event: SessionEvent): SessionState {
  const since = event.at;
  switch (event.type) {
    case 'session_created':
      return { ...state, createdAt: since, runWanted: event.runWanted, status: { kind: 'starting', since } };
    case 'prepared': {
      const { worktree } = event;
      const progress = inPhase(state.progress, event.phase);
      return { ...running(state, since), prepared: true, progress, ...(worktree && { worktree }) };
    }
    case 'command_accepted':
    case 'command_refused':
      return {
        ...state,
        answeredCommands: [...state.answeredCommands, event.id].slice(-REMEMBERED_COMMANDS),
      };
    case 'queued':
      return { ...state, status: { kind: 'queued', since, reason: event.reason } };
    case 'went_on':
      return running(state, since);
    case 'iteration_started':
      return iterationStarted(state, event);
    case 'iteration_ended':
      return iterationEnded(state, event);
    case 'parked':
      return parked(state, event);
    case 'answers_recorded':
      return answersRecorded(state, event);
    case 'plan_approved': {
      const progress = inPhase(state.progress, event.phase);
      const { feedback: _answered, ...rest } = running(state, since);
      return { ...rest, progress, approvedPlan: { ...event.plan, by: event.by } };
    }
    case 'changes_requested': {
      const { approvedPlan: _void, ...rest } = running(state, since);
      return { ...rest, progress: inPhase(state.progress, 'planning'), feedback: event.feedback };
    }
    case 'message_kept':
      return { ...state, messages: { ...state.messages, waiting: [...state.messages.waiting, event.id] } };
    case 'messages_delivered':
      return delivered(state, event.ids);
    case 'messages_acknowledged':
      return acknowledged(state, event.ids);
    case 'limited': {
      const { until, guessed } = event;
      return settled(state, { kind: 'limited', since, until, guessed });
    }
    case 'blocked': {
      const { reason, needs, rule } = event;
      return settled(state, { kind: 'blocked', since, reason, needs, rule });
    }
    case 'stop_requested':
      return { ...state, stopWanted: { by: event.by, when: event.when } };
    case 'stopped': {
      const { stopWanted: _met, ...rest } = state;
      const parked = state.status.kind === 'waiting' ? { parked: state.status } : {};
      return { ...rest, status: { kind: 'stopped', since, by: event.by, why: event.why, ...parked } };
    }
    case 'resumed':
      return resumed(state, event);
    case 'phase_set':
      return { ...state, progress: inPhase(state.progress, event.phase) };
    case 'done':
      return settled(state, { kind: 'done', since, summary: event.summary });
    case 'worker_took_over':
    case 'worker_left':
    case 'forgery_seen':
    case 'notice':
      return state;
    default:
      return event satisfies never;
  }
}

function running(state: SessionState, since: string): SessionState {
  return { ...state, status: { kind: 'running', since } };
}

/** A decision has got its own event: nothing is left to do about it. */
function settled(state: SessionState, status: Status): SessionState {
  const { pending: _done, ...rest } = state;
  return { ...rest, status };
}

function iterationStarted(state: SessionState, event: EventOf<'iteration_started'>): SessionState {
  const { iteration, phase, provider, model, log, childUuid, timeLimitMs, at } = event;
  const { feedback: _told, ...rest } = state;
  return {
    ...rest,
    status: { kind: 'running', since: at },
    progress: withChildStarted(inPhase(state.progress, phase), iteration),
    openIteration: { iteration, phase, provider, model, log, childUuid, timeLimitMs, startedAt: at },
    notes: [],
    backoff: false,
  };
}

function iterationEnded(state: SessionState, event: EventOf<'iteration_ended'>): SessionState {
  const { iteration, phase, ending, decision, durationMs, problem, lastAction, next, treeChanged } = event;
  const { openIteration: _ended, pending: _old, ...rest } = state;
  const notes = decision.kind === 'run' || decision.kind === 'limited' ? decision.notes : [];
  return {
    ...rest,
    progress: withChildEnded(state.progress, { phase, ending, signal: event.signal, decision, treeChanged }),
    lastIteration: {
      iteration,
      phase,
      ending,
      endedAt: event.at,
      durationMs,
      ...(problem !== undefined && { problem }),
      ...(lastAction !== undefined && { lastAction }),
      ...(next !== undefined && { next }),
    },
    ...(decision.kind !== 'run' && { pending: decision }),
    notes,
    backoff: decision.kind === 'run' && decision.delay === 'backoff',
    cost: addCosts(state.cost, event.cost),
  };
}

function parked(state: SessionState, event: EventOf<'parked'>): SessionState {
  const { for: waitsFor, resumePhase, reason, file, fileHash, openQuestions, unconfirmed, plan } = event;
  return settled(state, {
    kind: 'waiting',
    since: event.at,
    for: waitsFor,
    resumePhase,
    openQuestions,
    unconfirmed,
    ...(reason !== undefined && { reason }),
    ...(file !== undefined && { file }),
    ...(fileHash !== undefined && { fileHash }),
    ...(plan !== undefined && { plan }),
  });
}

function answersRecorded(state: SessionState, event: EventOf<'answers_recorded'>): SessionState {
  const answered = { ...state, answers: mergeAnswers(state.answers, event.answers) };
  const { status } = state;
  if (status.kind !== 'waiting' || status.for !== 'qa_answers') return answered;
  if (event.open.length === 0) {
    return { ...running(answered, event.at), progress: inPhase(state.progress, status.resumePhase) };
  }
  const given = new Set(event.answers.map((answer) => answer.id));
  const unconfirmed = status.unconfirmed.filter((answer) => !given.has(answer.id));
  return { ...answered, status: { ...status, openQuestions: event.open, unconfirmed } };
}

function resumed(state: SessionState, event: EventOf<'resumed'>): SessionState {
  const { note, goal, phase, oldRounds, oldPlans } = event;
  const { pending: _dropped, stopWanted: _met, ...rest } = running(state, event.at);
  const notes = note === undefined ? state.notes : [...state.notes, `Note from the human: ${note}`];
  if (goal !== undefined) {
    const { approvedPlan: _old, feedback: _past, ...fresh } = rest;
    return {
      ...fresh,
      goal,
      notes,
      answers: [],
      oldRounds: oldRounds ?? state.oldRounds,
      oldPlans: oldPlans ?? state.oldPlans,
      progress: withNewGoal(state.progress),
    };
  }
  // A stop at a gate leaves the gate closed: going on is waiting on.
  if (state.status.kind === 'stopped' && state.status.parked)
    return { ...rest, notes, status: state.status.parked };
  const progress = event.resetsCounts ? withCountsReset(state.progress) : state.progress;
  return { ...rest, notes, backoff: false, progress: inPhase(progress, phase) };
}

function delivered(state: SessionState, ids: readonly string[]): SessionState {
  const waiting = state.messages.waiting.filter((id) => !ids.includes(id));
  return { ...state, messages: { waiting, unacknowledged: [...state.messages.unacknowledged, ...ids] } };
}

function acknowledged(state: SessionState, ids: readonly string[]): SessionState {
  const unacknowledged = state.messages.unacknowledged.filter((id) => !ids.includes(id));
  return { ...state, messages: { ...state.messages, unacknowledged } };
}

function mergeAnswers(old: readonly RecordedAnswer[], given: readonly RecordedAnswer[]): RecordedAnswer[] {
  const ids = new Set(given.map((answer) => answer.id));
  return [...old.filter((answer) => !ids.has(answer.id)), ...given];
}

function addCosts(a: Cost, b: Cost): Cost {
  const sum: Cost = { ...a };
  for (const key of ['usd', 'inputTokens', 'outputTokens', 'cachedTokens', 'turns'] as const) {
    const value = b[key];
    if (value !== undefined) sum[key] = (a[key] ?? 0) + value;
  }
  return sum;
}
