import type { SessionEvent } from '../events/events.ts';
import { isRewinding } from '../events/fold-rewound.ts';
import { findRewindPoint, iterationsWithCheckpoint, type RewindPoint } from '../events/rewind-point.ts';
import type { SessionState } from '../events/state.ts';
import { COMMAND_ERRORS } from './command-errors.ts';
import type { CommandOf } from './commands.ts';
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
  if (state.openIteration !== undefined)
    return refused(
      state.status.kind === 'running'
        ? COMMAND_ERRORS.child_runs({ wanted: 'rewind' })
        : COMMAND_ERRORS.busy({ with: 'iteration' }),
    );
  if (isRewinding(state)) return refused(COMMAND_ERRORS.busy({ with: 'rewind' }));
  const { events, kept } = facts;
  if (state.worktree === undefined) return refused(COMMAND_ERRORS.nothing_kept());
  const point = findRewindPoint(events, to, new Set(kept.beforeRewinds.keys()));
  const commit = point && commitOf(point, kept);
  if (point !== undefined && commit !== undefined) return { kind: 'accepted', commit, back: point.back };
  const numbers = keptIterations(facts).map(({ iteration }) => iteration);
  return refused(COMMAND_ERRORS.checkpoint_gone({ to, kept: numbers }));
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
