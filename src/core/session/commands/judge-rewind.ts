import type { EventType } from '../events/bodies/event-types.ts';
import { Position, type RewindTarget } from '../events/bodies/positions.ts';
import type { SessionEvent } from '../events/events.ts';
import { fold } from '../events/fold.ts';
import { workNow } from '../events/open-work.ts';
import { emptyState, type SessionState } from '../events/state.ts';
import { COMMAND_ERRORS } from './command-errors.ts';
import type { CommandOf } from './commands.ts';
import { type Refused, refused } from './refused.ts';

export interface RewindFacts {
  events: readonly SessionEvent[];
  kept: {
    commits: ReadonlySet<string>;
    /** The checkpoint taken before the first agent. */
    start?: string;
    /** The checkpoints taken before rewinds, by the number of the rewind's event. */
    beforeRewinds: ReadonlyMap<number, string>;
  };
}

export type RewindVerdict =
  /** `commit`: the checkpoint to restore; `back`: the position that the session returns to. */
  { kind: 'accepted'; commit: string; back: Position } | Refused;

type RewoundState = Pick<SessionState, 'status' | 'openIteration' | 'work' | 'worktree'>;

/** Why the session cannot be rewound now, to whatever point. */
export function rewindNow({ status, openIteration, work, worktree }: RewoundState): Refused | undefined {
  if (openIteration !== undefined)
    return refused(
      status.kind === 'running'
        ? COMMAND_ERRORS.child_runs({ wanted: 'rewind' })
        : COMMAND_ERRORS.busy({ with: 'iteration' }),
    );
  if (workNow({ work })?.kind === 'rewind') return refused(COMMAND_ERRORS.busy({ with: 'rewind' }));
  return worktree === undefined ? refused(COMMAND_ERRORS.nothing_kept()) : undefined;
}

export function judgeRewind(
  { to }: Pick<CommandOf<'rewind'>, 'to'>,
  state: RewoundState,
  facts: RewindFacts,
): RewindVerdict {
  const closed = rewindNow(state);
  if (closed) return closed;
  const point = findRewindPoint(facts, to);
  if (point !== undefined) return { kind: 'accepted', ...point };
  const numbers = keptIterations(facts).map(({ iteration }) => iteration);
  const on = machineOf(facts.events, to);
  const wanted = { to, kept: numbers };
  return refused(
    on === undefined
      ? COMMAND_ERRORS.checkpoint_gone(wanted)
      : COMMAND_ERRORS.checkpoint_elsewhere({ ...wanted, on }),
  );
}

/** The machine that kept the checkpoint, if the session has moved to another one since. */
function machineOf(events: readonly SessionEvent[], to: RewindTarget): string | undefined {
  const at = events.findLastIndex((event) =>
    to === 'undo'
      ? event.type === 'rewound'
      : event.type === 'iteration_ended' && event.iteration === Math.max(to, 1),
  );
  const hasMoved = events
    .slice(at + 1)
    .some((event) => event.type === 'worker_took_over' && event.places !== undefined);
  if (at < 0 || !hasMoved) return undefined;
  const worker = events.slice(0, at).findLast((event) => event.type === 'worker_took_over');
  return worker?.host ?? 'another machine';
}

export interface KeptIteration {
  iteration: number;
  phase: string;
  at?: string;
  lastAction?: string;
}

/** The iterations to whose end the session can be rewound, newest first; 0 is the state before the first. */
export function keptIterations({ events, kept }: RewindFacts): KeptIteration[] {
  const iterations = events
    .filter((event) => event.type === 'iteration_ended')
    .flatMap(({ iteration, phase, at, checkpoint, lastAction }) =>
      checkpoint && kept.commits.has(checkpoint.commit) ? [{ iteration, phase, at, lastAction }] : [],
    )
    .reverse();
  // Before the first agent has run there is nothing to rewind.
  const start = findRewindPoint({ events, kept }, 0);
  return start ? [...iterations, { iteration: 0, phase: 'init' }] : iterations;
}

/** Events that follow an iteration without any act of a person. */
const AUTOMATIC_EVENTS: readonly EventType[] = [
  'parked',
  'blocked',
  'limited',
  'done',
  'notice',
  'forgery_seen',
  'messages_acknowledged',
];

/** Finds the position at the end of an iteration, before any act of a person, or before the last rewind. Pure. */
export function findRewindPoint(
  { events, kept }: RewindFacts,
  to: RewindTarget,
): { commit: string; back: Position } | undefined {
  const point = (commit: string | undefined, end: number) =>
    commit === undefined || end < 0 ? undefined : { commit, back: positionOf(events.slice(0, end)) };
  if (to === 'undo') {
    const asked = lastRewind(events, kept);
    return asked && point(kept.beforeRewinds.get(asked.n), events.indexOf(asked));
  }
  if (to === 0)
    return point(
      kept.start,
      events.findIndex((event) => event.type === 'iteration_started'),
    );
  const index = events.findLastIndex((event) => event.type === 'iteration_ended' && event.iteration === to);
  const ended = events[index];
  const commit = ended?.type === 'iteration_ended' ? ended.checkpoint?.commit : undefined;
  let end = index + 1;
  while (AUTOMATIC_EVENTS.includes(events[end]?.type ?? 'done') && end < events.length) end += 1;
  return kept.commits.has(commit ?? '') ? point(commit, end) : undefined;
}

/** The newest rewind that changed files; of several consecutive ones left halfway, the first. */
function lastRewind(
  events: readonly SessionEvent[],
  { beforeRewinds }: RewindFacts['kept'],
): SessionEvent | undefined {
  const isAsked = ({ type, n }: SessionEvent) => type === 'rewind_asked' && beforeRewinds.has(n);
  const before = events.slice(0, Math.max(0, events.findLastIndex(isAsked)));
  const ended = before.findLastIndex(({ type }) => type === 'rewound' || type === 'rewind_failed');
  return events.slice(ended + 1).find(isAsked);
}

function positionOf(events: readonly SessionEvent[]): Position {
  const state: SessionState = events.reduce(fold, emptyState());
  const { status, pullRequest } = state;
  const waiting = status.kind === 'stopped' ? status.parked : status.kind === 'waiting' ? status : undefined;
  // The schema of Position determines which parts of the state are restored.
  const done = status.kind === 'done' ? status : undefined;
  const rounds = { used: 0, keys: [], ...pullRequest?.rounds, of: pullRequest?.number };
  return Position.parse({ ...state, parked: waiting, done, rounds });
}
