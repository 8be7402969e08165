import { EMPTY_TRAIL } from '../../phases/no-progress.ts';
import type { EventOf } from './events.ts';
import type { SessionState } from './state.ts';

/** The rule of a block by a rewind that failed when some files were back. */
export const REWIND_HALFWAY = 'rewind_halfway';

/** Whether files are to be put back now; a rewind that is halfway waits for a resume, or for another rewind. */
export function isRewinding({ rewind }: Pick<SessionState, 'rewind'>): boolean {
  return rewind !== undefined && !rewind.isHalfway;
}

export function heldHalfway(state: SessionState, rule: string): SessionState {
  if (rule !== REWIND_HALFWAY || state.rewind === undefined) return state;
  return { ...state, rewind: { ...state.rewind, isHalfway: true } };
}

export function letGoOn(state: SessionState): SessionState {
  return { ...state, rewind: state.rewind && { ...state.rewind, isHalfway: undefined } };
}

export const OVER = {
  ...{ approvedPlan: undefined, feedback: undefined, proved: undefined, passed: undefined },
  ...{ reviewed: undefined, reviewedAt: undefined, lastMerge: undefined },
} as const satisfies Partial<SessionState>;

/** The session stands where it stood then, stopped unless that was done; iteration numbers and costs go on, for they were spent. */
export function rewound(state: SessionState, event: EventOf<'rewound'>): SessionState {
  // What was proved goes too: what `passed` says would be as old, and no check would run for it again.
  const { rewind } = state;
  if (rewind === undefined) return state;
  const { parked, done, progress, proved, lastMerge, ...back } = rewind.back;
  const isUndo = event.to === 'undo';
  const { totalIterations } = state.progress;
  const since = event.at;
  return {
    ...state,
    ...OVER,
    ...{ rewind: undefined, pending: undefined, stopWanted: undefined },
    ...{ goal: undefined, goalBase: undefined, oldLedger: undefined },
    ...back,
    ...(isUndo && { proved, lastMerge }),
    progress: { ...progress, totalIterations },
    notes: [
      `A person rewound the session: ${whereTo(event.to)}. Files and overview are as they were then; read them again.`,
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
            why: whereTo(event.to),
            ...(parked && { parked: { kind: 'waiting' as const, since, ...parked } }),
          },
  };
}

export function whereTo(to: EventOf<'rewound'>['to']): string {
  if (to === 'undo') return 'the last rewind was undone';
  return to === 0 ? 'rewound to before the first iteration' : `rewound to the end of iteration ${to}`;
}
