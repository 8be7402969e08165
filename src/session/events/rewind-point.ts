import type { EventType } from './bodies/event-types.ts';
import { Position, type RewindTarget } from './bodies/positions.ts';
import type { SessionEvent } from './events.ts';
import { fold } from './fold.ts';
import { emptyState, type SessionState } from './state.ts';

export interface RewindPoint {
  /** The checkpoint's commit, or the rewind before which it was made; neither for the start, which no event names. */
  commit?: string;
  beforeRewind?: number;
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

/**
 * Where a session stood at the end of an iteration, before anybody acted on it, or before its last rewind. Pure.
 * @param kept rewinds, by the numbers of their events, before which all that stood there was kept
 */
export function findRewindPoint(
  events: readonly SessionEvent[],
  to: RewindTarget,
  kept: ReadonlySet<number>,
): RewindPoint | undefined {
  if (to === 'undo') return beforeLastRewind(events, kept);
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
      checkpoint ? [{ iteration, phase, at, commit: checkpoint.commit, lastAction }] : [],
    )
    .reverse();
}

function beforeFirst(events: readonly SessionEvent[]): RewindPoint | undefined {
  const first = events.findIndex((event) => event.type === 'iteration_started');
  return first === -1 ? undefined : { back: positionOf(events.slice(0, first)) };
}

/** The newest rewind that has moved files; of several that failed halfway, one upon the other, the first. */
function beforeLastRewind(
  events: readonly SessionEvent[],
  kept: ReadonlySet<number>,
): RewindPoint | undefined {
  let asked: SessionEvent | undefined;
  let isWhole = true;
  for (const event of events) {
    if (event.type === 'rewound' || event.type === 'rewind_failed') isWhole = true;
    if (event.type !== 'rewind_asked' || !kept.has(event.n)) continue;
    if (isWhole) asked = event;
    isWhole = false;
  }
  if (asked === undefined) return undefined;
  const before = events.slice(0, events.indexOf(asked));
  return { beforeRewind: asked.n, back: positionOf(before) };
}

function positionOf(events: readonly SessionEvent[]): Position {
  const state: SessionState = events.reduce(fold, emptyState());
  const { status } = state;
  const waiting = status.kind === 'stopped' ? status.parked : status.kind === 'waiting' ? status : undefined;
  // What of the state goes back is what its schema names.
  return Position.parse({ ...state, parked: waiting });
}
