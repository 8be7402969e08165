import type { Effect, Finishing } from './bodies/finishing.ts';
import type { EventOf, SessionEvent } from './events.ts';
import type { SessionState } from './state.ts';

/**
 * Earlier versions recorded an archive before its work. A crash between the two leaves work to repeat; any other event
 * shows that it was over.
 */
export function afterOldFinish(state: SessionState, { type }: SessionEvent): SessionState {
  return state.finishing?.isOld && type !== 'worker_took_over' ? { ...state, finishing: undefined } : state;
}

function begun(state: SessionState, work: Finishing): SessionState {
  return { ...state, finishing: { work, effects: [] } };
}

export const FINISH_FOLDS = {
  finish_asked: (state: SessionState, { work }: EventOf<'finish_asked'>) => begun(state, work),
  effect_ended: (state: SessionState, { name, outcome, commit, url, why }: EventOf<'effect_ended'>) => {
    const { finishing } = state;
    if (finishing === undefined) return state;
    const effect: Effect = { name, outcome, commit, url, why };
    return { ...state, finishing: { ...finishing, effects: [...finishing.effects, effect] } };
  },
  publish_ended: (state: SessionState, { at, what, outcome, summary }: EventOf<'publish_ended'>) => ({
    ...state,
    finishing: undefined,
    stopWanted: undefined,
    lastPublish: { at, what, outcome, summary, effects: state.finishing?.effects ?? [] },
  }),
  finish_ended: (state: SessionState, { kind, code }: EventOf<'finish_ended'>) => {
    const { finishing } = state;
    const isUndone = code !== undefined && finishing?.isOld;
    const archived = isUndone ? kind === 'unarchive' : state.archived;
    return { ...state, archived, finishing: undefined };
  },
  archived: (state: SessionState, { by, what, moved, to }: EventOf<'archived'>) => {
    const { approvedPlan: before, trash, finishing } = state;
    // Archiving the approved plan ends its approval.
    const approvedPlan = before && moved.includes(before.name) ? undefined : before;
    const after = { ...state, archived: what === 'session', approvedPlan, finishing: undefined };
    if (finishing !== undefined) return after;
    const session: Finishing = trash ? { kind: 'discard', by, to, trash } : { kind: 'archive', by, to };
    const work: Finishing = what === 'session' ? session : { kind: 'documents', by, to, moved, kept: [] };
    return { ...after, finishing: { work, effects: [], isOld: true as const } };
  },
  discarded: (state: SessionState, { trash }: EventOf<'discarded'>) => ({ ...state, trash }),
  unarchived: ({ trash: _restored, ...state }: SessionState, { by }: EventOf<'unarchived'>) => {
    const after = { ...state, archived: false, finishing: undefined };
    if (state.finishing !== undefined) return after;
    return {
      ...after,
      finishing: { work: { kind: 'unarchive' as const, by }, effects: [], isOld: true as const },
    };
  },
  merge_asked: (state: SessionState, { by, into }: EventOf<'merge_asked'>) =>
    begun(state, { kind: 'merge', by, into }),
  // A stop requested during the merge applied only to the merge.
  merge_ended: (state: SessionState, { outcome, into, commit, reason }: EventOf<'merge_ended'>) => ({
    ...state,
    finishing: undefined,
    stopWanted: undefined,
    lastMerge: { outcome, into, commit, reason },
  }),
};
