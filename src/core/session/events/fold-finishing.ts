import type { Effect, Finishing } from './bodies/finishing.ts';
import type { EventOf, SessionEvent } from './events.ts';
import { finishNow } from './open-work.ts';
import type { SessionState } from './state.ts';

/**
 * Earlier versions recorded an archive before its work. A crash between the two leaves work to repeat; any other event
 * shows that it was over.
 */
export function afterOldFinish(state: SessionState, { type }: SessionEvent): SessionState {
  return finishNow(state)?.isOld && type !== 'worker_took_over' ? { ...state, work: undefined } : state;
}

function begun(state: SessionState, work: Finishing): SessionState {
  return { ...state, work: { ...work, effects: [] } };
}

function withOld(state: SessionState, work: Finishing): SessionState {
  return { ...state, work: { ...work, effects: [], isOld: true } };
}

export const FINISH_FOLDS = {
  finish_asked: (state: SessionState, { work }: EventOf<'finish_asked'>) => begun(state, work),
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
  finish_ended: (state: SessionState, { kind, code }: EventOf<'finish_ended'>) => {
    const isUndone = code !== undefined && finishNow(state)?.isOld;
    const archived = isUndone ? kind === 'unarchive' : state.archived;
    return { ...state, archived, work: undefined };
  },
  archived: (state: SessionState, { by, what, moved, to }: EventOf<'archived'>) => {
    const { approvedPlan: before, trash } = state;
    // Archiving the approved plan ends its approval.
    const approvedPlan = before && moved.includes(before.name) ? undefined : before;
    const after = { ...state, archived: what === 'session', approvedPlan, work: undefined };
    if (finishNow(state) !== undefined) return after;
    const session: Finishing = trash ? { kind: 'discard', by, to, trash } : { kind: 'archive', by, to };
    return withOld(after, what === 'session' ? session : { kind: 'documents', by, to, moved, kept: [] });
  },
  discarded: (state: SessionState, { trash }: EventOf<'discarded'>) => ({ ...state, trash }),
  unarchived: ({ trash: _restored, ...state }: SessionState, { by }: EventOf<'unarchived'>) => {
    const after = { ...state, archived: false, work: undefined };
    return finishNow(state) === undefined ? withOld(after, { kind: 'unarchive', by }) : after;
  },
  merge_asked: (state: SessionState, { by, into }: EventOf<'merge_asked'>) =>
    begun(state, { kind: 'merge', by, into }),
  // A stop requested during the merge applied only to the merge.
  merge_ended: (state: SessionState, { outcome, into, commit, reason }: EventOf<'merge_ended'>) => ({
    ...state,
    work: undefined,
    stopWanted: undefined,
    lastMerge: { outcome, into, commit, reason },
  }),
};
