import type { Effect } from './bodies/finishing.ts';
import type { EventOf } from './events.ts';
import { finishNow } from './open-work.ts';
import type { SessionState } from './state.ts';

export const FINISH_FOLDS = {
  finish_asked: (state: SessionState, { work }: EventOf<'finish_asked'>) => ({
    ...state,
    work: { ...work, effects: [] },
  }),
  effect_ended: (state: SessionState, { name, outcome, commit, url, why }: EventOf<'effect_ended'>) => {
    const finish = finishNow(state);
    if (finish === undefined) return state;
    const effect: Effect = { name, outcome, commit, url, why };
    return { ...state, work: { ...finish, effects: [...finish.effects, effect] } };
  },
  publish_ended: (state: SessionState, { at, what, outcome, summary }: EventOf<'publish_ended'>) => ({
    ...state,
    work: undefined,
    stopWanted: undefined,
    lastPublish: { at, what, outcome, summary, effects: finishNow(state)?.effects ?? [] },
  }),
  finish_ended: (state: SessionState) => ({ ...state, work: undefined }),
  archived: (state: SessionState, { what, moved }: EventOf<'archived'>) => {
    const { approvedPlan: before } = state;
    // Archiving the approved plan ends its approval.
    const approvedPlan = before && moved.includes(before.name) ? undefined : before;
    return { ...state, archived: what === 'session', approvedPlan, work: undefined };
  },
  discarded: (state: SessionState, { trash }: EventOf<'discarded'>) => ({ ...state, trash }),
  unarchived: ({ trash: _restored, ...state }: SessionState) => ({
    ...state,
    archived: false,
    work: undefined,
  }),
  // A stop requested during the merge applied only to the merge.
  merge_ended: (state: SessionState, { outcome, into, commit, reason }: EventOf<'merge_ended'>) => ({
    ...state,
    work: undefined,
    stopWanted: undefined,
    lastMerge: { outcome, into, commit, reason },
  }),
};
