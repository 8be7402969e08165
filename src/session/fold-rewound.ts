import { EMPTY_TRAIL } from '../phases/no-progress.ts';
import type { EventOf } from './events.ts';
import type { SessionState } from './state.ts';

/** The session stands where it stood then, stopped; iteration numbers and costs go on, for they were spent. */
export function rewound(state: SessionState, event: EventOf<'rewound'>): SessionState {
  const { rewind, pending, stopWanted, approvedPlan, feedback, goal, ...rest } = state;
  if (rewind === undefined) return state;
  const { parked, progress, ...back } = rewind.back;
  const { totalIterations } = state.progress;
  const since = event.at;
  return {
    ...rest,
    ...back,
    progress: { ...progress, totalIterations },
    notes: [noteFor(event.to)],
    backoff: false,
    trail: EMPTY_TRAIL,
    status: {
      kind: 'stopped',
      since,
      by: rewind.by,
      why: whereTo(event.to),
      ...(parked && { parked: { kind: 'waiting' as const, since, ...parked } }),
    },
  };
}

/** In words for people. */
export function whereTo(to: EventOf<'rewound'>['to']): string {
  if (to === 'undo') return 'the last rewind was undone';
  return to === 0 ? 'rewound to before the first iteration' : `rewound to the end of iteration ${to}`;
}

function noteFor(to: EventOf<'rewound'>['to']): string {
  return `A person took the session back: ${whereTo(to)}. Files and notebook are as they were then; look at them anew.`;
}
