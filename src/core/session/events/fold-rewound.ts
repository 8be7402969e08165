import { EMPTY_TRAIL } from '../../kernel/phases/no-progress.ts';
import type { EventOf } from './events.ts';
import { withRewoundRounds } from './fold-pull-request.ts';
import { type SessionState, Waiting } from './state.ts';

/** The rule of a block after a rewind that failed with only some files restored. */
export const REWIND_HALFWAY = 'rewind_halfway';

export function withHalfwayRewind(state: SessionState, rule: string): SessionState {
  const { work } = state;
  if (rule !== REWIND_HALFWAY || work?.kind !== 'rewind') return state;
  return { ...state, work: { ...work, isHalfway: true } };
}

/** Of another goal, only a green base counts: red results, and what was decided about them, are of one goal. */
export function keptBase({ baseChecks }: Pick<SessionState, 'baseChecks'>): SessionState['baseChecks'] {
  return baseChecks?.result === 'green' ? baseChecks : undefined;
}

/** A resume drops a decision, and continues a rewind that failed halfway. */
export function withWorkResumed(state: SessionState): SessionState {
  const { work } = withoutDecision(state);
  return { ...state, work: work?.kind === 'rewind' ? { ...work, isHalfway: undefined } : work };
}

export function withoutDecision(state: SessionState): SessionState {
  return state.work?.kind === 'decision' ? { ...state, work: undefined } : state;
}

export const RESET_FIELDS = {
  approvedPlan: undefined,
  asks: undefined,
  claim: undefined,
  feedback: undefined,
  widened: undefined,
  proved: undefined,
  passed: undefined,
  reviewed: undefined,
  reviewedAt: undefined,
  lastMerge: undefined,
} as const satisfies Partial<SessionState>;

/**
 * The session returns to its earlier state, as stopped, or as done if an undo restores that. Iteration numbers and
 * costs are not reset.
 */
export function rewound(state: SessionState, event: EventOf<'rewound'>): SessionState {
  // A rewind drops the proof too: with it, no check would run again, and `passed` would be outdated.
  const { work: rewind } = state;
  if (rewind?.kind !== 'rewind') return state;
  const { parked, done, progress, proved, lastMerge, rounds, ...back } = rewind.back;
  const isUndo = event.to === 'undo';
  const { totalIterations } = state.progress;
  const since = event.at;
  return {
    ...state,
    ...RESET_FIELDS,
    work: undefined,
    stopWanted: undefined,
    goal: undefined,
    goalBase: undefined,
    oldLedger: undefined,
    baseChecks: back.goal === state.goal ? state.baseChecks : keptBase(state),
    ...back,
    asks: parked?.asks,
    ...(isUndo && { proved, lastMerge }),
    pullRequest: withRewoundRounds(state.pullRequest, rounds),
    progress: { ...progress, totalIterations },
    notes: [
      `A person rewound the session: ${describeRewind(event.to)}. Files and overview are as they were then; read them again.`,
    ],
    backoff: false,
    trail: EMPTY_TRAIL,
    status:
      isUndo && done
        ? { kind: 'done', ...done }
        : {
            kind: 'stopped',
            since,
            by: rewind.by,
            why: describeRewind(event.to),
            ...(parked && { parked: Waiting.parse({ kind: 'waiting', since, ...parked }) }),
          },
  };
}

export function describeRewind(to: EventOf<'rewound'>['to']): string {
  if (to === 'undo') return 'the last rewind was undone';
  return to === 0 ? 'rewound to before the first iteration' : `rewound to the end of iteration ${to}`;
}
