import { repairWorktree } from '../../project/worktrees/rejoin-worktree.ts';
import { atPlaces } from '../../session/events/at-places.ts';
import type { Places } from '../../session/events/bodies/places.ts';
import { type SessionPaths, sessionPaths } from '../../session/layout/paths.ts';
import { stateOf, type Worker } from '../core/worker.ts';

/** The same worker where the project is now. git inspects a worktree that was moved once both know each other again. */
export async function atNewPlaces(worker: Worker, places: Places | undefined): Promise<Worker> {
  if (places === undefined) return worker;
  const file = atPlaces(worker.file, worker.paths, places);
  const worktreePath = places.worktreePath ?? stateOf(worker).worktree?.path;
  if (worktreePath !== undefined)
    await repairWorktree({ mainRepo: file.mainRepo, worktreePath, ...worker.git.context });
  return { ...worker, file };
}

/** Where the session folder is and where it goes; its machine state stays. */
export function foldersOf({ file: { sessionsDir, folder } }: Worker): {
  home: SessionPaths;
  away: SessionPaths;
} {
  return { home: sessionPaths(sessionsDir, folder), away: sessionPaths(sessionsDir, folder, true) };
}
