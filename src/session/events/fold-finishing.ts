import { type Places, withPlaces } from './bodies/places.ts';
import type { EventOf } from './events.ts';
import type { SessionState } from './state.ts';

export function archived(state: SessionState, { what, moved, places }: EventOf<'archived'>): SessionState {
  const { approvedPlan, ...rest } = foldPlaces(state, places);
  // A plan that was archived approves nothing any more.
  const still = approvedPlan !== undefined && !moved.includes(approvedPlan.name);
  return { ...rest, archived: what === 'session', ...(still && { approvedPlan }) };
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
  const { merge: _over, stopWanted: _met, ...rest } = state;
  return { ...rest, lastMerge: { outcome, into, commit, reason } };
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
