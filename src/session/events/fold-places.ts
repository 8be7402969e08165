import { type Places, withPlaces } from './places.ts';
import type { SessionState } from './state.ts';

/** Whoever goes on works where things stand now, and starts the CLIs that were found now. */
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
