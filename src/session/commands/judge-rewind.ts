import type { CommandOf } from '../commands.ts';
import type { SessionEvent } from '../events.ts';
import { isRewinding } from '../fold-rewound.ts';
import { findRewindPoint, iterationsWithCheckpoint, type RewindPoint } from '../rewind-point.ts';
import type { SessionState } from '../state.ts';
import { judgeKind } from './judge-kind.ts';
import { type Refused, refused } from './refused.ts';

export interface RewindFacts {
  /** All of them. */
  events: readonly SessionEvent[];
  /** The checkpoints that git still has. */
  kept: {
    commits: ReadonlySet<string>;
    /** The one from before the first agent. */
    start?: string | undefined;
    /** Those from before a rewind, by the number of its event. */
    beforeRewinds: ReadonlyMap<number, string>;
  };
}

export type RewindVerdict =
  /** `commit`: whose files come back; `back`: where the session stands then. */
  { kind: 'accepted'; commit: string; back: RewindPoint['back'] } | Refused;

/** Whether a session can be taken back, and to what. */
export function judgeRewind(
  { to }: Pick<CommandOf<'rewind'>, 'to'>,
  state: Pick<SessionState, 'status' | 'archived' | 'openIteration' | 'rewind' | 'worktree'>,
  facts: RewindFacts,
): RewindVerdict {
  const closed = judgeKind('rewind', state);
  if (closed) return closed;
  if (state.openIteration !== undefined) return state.status.kind === 'running' ? AGENT_RUNS : NOT_OVER;
  if (isRewinding(state)) return REWINDS;
  const { events, kept } = facts;
  if (state.worktree === undefined) return NOTHING_KEPT;
  const point = findRewindPoint(events, to, new Set(kept.beforeRewinds.keys()));
  const commit = point && commitOf(point, kept);
  return point === undefined || commit === undefined
    ? notKept(to, facts)
    : { kind: 'accepted', commit, back: point.back };
}

function commitOf({ commit, beforeRewind }: RewindPoint, kept: RewindFacts['kept']): string | undefined {
  if (beforeRewind !== undefined) return kept.beforeRewinds.get(beforeRewind);
  if (commit === undefined) return kept.start;
  return kept.commits.has(commit) ? commit : undefined;
}

export interface KeptIteration {
  iteration: number;
  phase: string;
  /** When it ended, ISO 8601; absent for the start. */
  at?: string;
  lastAction?: string;
}

/** The iterations that a session can be taken back to, newest first. */
export function keptIterations({ events, kept }: RewindFacts): KeptIteration[] {
  const iterations = iterationsWithCheckpoint(events).flatMap(({ commit, ...rest }) =>
    kept.commits.has(commit) ? [rest] : [],
  );
  // Before the first agent has run there is nothing to go back from.
  const hasBegun = findRewindPoint(events, 0, new Set()) !== undefined;
  return hasBegun && kept.start ? [...iterations, { iteration: 0, phase: 'init' }] : iterations;
}

const NOTHING = 'Nothing was changed.';
const NONE_YET = 'It keeps none yet: there is one after each iteration.';

const AGENT_RUNS = refused('child_runs', {
  what: NOTHING,
  why: 'An agent works in it.',
  hint: 'Call stop_session first.',
});

const NOT_OVER = refused('busy', {
  what: NOTHING,
  why: 'An iteration is not over yet.',
  hint: 'Call wait, then try again.',
});

const NOTHING_KEPT = refused('nothing_kept', {
  what: NOTHING,
  why: 'The session has no worktree yet.',
  hint: NONE_YET,
});

const REWINDS = refused('busy', {
  what: NOTHING,
  why: 'Another rewind is not over yet.',
  hint: 'Call wait, then try again.',
});

function notKept(to: CommandOf<'rewind'>['to'], facts: RewindFacts): Refused {
  const numbers = keptIterations(facts).map(({ iteration }) => iteration);
  return refused('checkpoint_gone', {
    what: NOTHING,
    why:
      to === 'undo'
        ? 'There is no rewind to take back, or what was there before is not kept any more.'
        : `There is no checkpoint of iteration ${to}, or it is not kept any more.`,
    hint: numbers.length === 0 ? NONE_YET : `It can go back to: ${numbers.slice(0, 30).join(', ')}.`,
  });
}
