import { type Places, withPlaces } from './bodies/places.ts';
import type { EventOf } from './events.ts';
import type { SessionState } from './state.ts';

export function archived(state: SessionState, { what, moved, places }: EventOf<'archived'>): SessionState {
  const { approvedPlan: before } = state;
  // A plan that was archived approves nothing any more.
  const approvedPlan = before && moved.includes(before.name) ? undefined : before;
  return { ...foldPlaces(state, places), archived: what === 'session', approvedPlan };
}

export function discarded(state: SessionState, event: EventOf<'discarded'>): SessionState {
  return { ...state, trash: event.trash };
}

export function unarchived({ trash: _restored, ...state }: SessionState): SessionState {
  return { ...state, archived: false };
}

export function mergeAsked(state: SessionState, { by, into }: EventOf<'merge_asked'>): SessionState {
  return { ...state, merge: { by, into } };
}

/** A stop that came meanwhile was for the merge alone. */
export function mergeEnded(
  state: SessionState,
  { outcome, into, commit, reason }: EventOf<'merge_ended'>,
): SessionState {
  const lastMerge = { outcome, into, commit, reason };
  return { ...state, merge: undefined, stopWanted: undefined, lastMerge };
}

/** Whoever continues works where things are now, and starts the CLIs that were found now. */
export function foldPlaces(state: SessionState, places: Places | undefined): SessionState {
  if (places === undefined) return state;
  const { worktree, chosen } = state;
  const { worktreePath, cliPaths = {} } = places;
  const cliPath = chosen?.provider === undefined ? undefined : cliPaths[chosen.provider];
  return {
    ...state,
    places: withPlaces(state.places, places),
    ...(worktree && worktreePath !== undefined && { worktree: { ...worktree, path: worktreePath } }),
    ...(chosen && cliPath !== undefined && { chosen: { ...chosen, cliPath } }),
  };
}
