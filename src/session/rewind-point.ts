import type { EventType, Position, RewindTarget } from './event-types.ts';
import type { SessionEvent } from './events.ts';
import { fold } from './fold.ts';
import { emptyState, type SessionState } from './state.ts';

export interface RewindPoint {
  /** The checkpoint; absent for the start, which no event names. */
  commit?: string;
  back: Position;
}

/** What follows from an iteration by itself, before anybody acts. */
const STILL_THE_SAME: readonly EventType[] = [
  'parked',
  'blocked',
  'limited',
  'done',
  'notice',
  'forgery_seen',
  'messages_acknowledged',
];

/** Where a session stood at the end of an iteration, before anybody acted on it, or before its last rewind. Pure. */
export function findRewindPoint(events: readonly SessionEvent[], to: RewindTarget): RewindPoint | undefined {
  if (to === 'undo') return beforeLastRewind(events);
  if (to === 0) return beforeFirst(events);
  const index = events.findLastIndex((event) => event.type === 'iteration_ended' && event.iteration === to);
  const ended = events[index];
  if (ended?.type !== 'iteration_ended' || ended.checkpoint === undefined) return undefined;
  let end = index + 1;
  while (STILL_THE_SAME.includes(events[end]?.type ?? 'done') && end < events.length) end += 1;
  return { commit: ended.checkpoint.commit, back: positionOf(events.slice(0, end)) };
}

/** The iterations with a checkpoint, newest first; whether git still has it is another question. */
export function iterationsWithCheckpoint(
  events: readonly SessionEvent[],
): Array<{ iteration: number; phase: string; at: string; commit: string; lastAction?: string }> {
  return events
    .filter((event) => event.type === 'iteration_ended')
    .flatMap(({ iteration, phase, at, checkpoint, lastAction }) =>
      checkpoint
        ? [{ iteration, phase, at, commit: checkpoint.commit, ...(lastAction && { lastAction }) }]
        : [],
    )
    .reverse();
}

function beforeFirst(events: readonly SessionEvent[]): RewindPoint | undefined {
  const first = events.findIndex((event) => event.type === 'iteration_started');
  return first === -1 ? undefined : { back: positionOf(events.slice(0, first)) };
}

function beforeLastRewind(events: readonly SessionEvent[]): RewindPoint | undefined {
  const done = events.findLastIndex((event) => event.type === 'rewound');
  const rewound = events[done];
  const asked = events.slice(0, done + 1).findLastIndex((event) => event.type === 'rewind_asked');
  if (rewound?.type !== 'rewound' || asked === -1) return undefined;
  return { commit: rewound.undo.commit, back: positionOf(events.slice(0, asked)) };
}

function positionOf(events: readonly SessionEvent[]): Position {
  const state: SessionState = events.reduce(fold, emptyState());
  const { progress, approvedPlan, answers, feedback, goal, oldRounds, oldPlans, status } = state;
  const waiting = status.kind === 'stopped' ? status.parked : status.kind === 'waiting' ? status : undefined;
  return {
    progress,
    answers,
    oldRounds,
    oldPlans,
    ...(approvedPlan && { approvedPlan }),
    ...(feedback !== undefined && { feedback }),
    ...(goal !== undefined && { goal }),
    ...(waiting && { parked: parkedOf(waiting) }),
  };
}

function parkedOf({
  kind: _kind,
  since: _since,
  ...parked
}: Extract<SessionState['status'], { kind: 'waiting' }>): NonNullable<Position['parked']> {
  return parked;
}
