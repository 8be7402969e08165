import { join } from 'node:path';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { stampsAt } from '../../kernel/files/stamps.ts';
import { nameWithoutDate } from '../../session/layout/names.ts';
import { type SessionPaths, sessionPaths } from '../../session/layout/paths.ts';
import type { Worker } from '../state/worker.ts';

/** The session's paths outside and inside the archive; its machine state stays where it is. */
export function foldersOf({ file: { sessionsDir, folder } }: Worker): {
  home: SessionPaths;
  away: SessionPaths;
} {
  return { home: sessionPaths(sessionsDir, folder), away: sessionPaths(sessionsDir, folder, true) };
}

/** Where the session's folder is now: a crash can come right after it was moved. */
export function folderNow(worker: Worker): SessionPaths {
  const { home, away } = foldersOf(worker);
  const isAway = statsAt(home.sessionDir) === undefined && statsAt(away.sessionDir) !== undefined;
  return isAway ? away : home;
}

/** Where the archive has the session's folder, relative to SESSIONS. */
export function archiveFolder({ file: { folder } }: Worker): string {
  return join('_archive', folder);
}

/** A free name among the earlier archives of the session's documents. */
export function freeArchiveName({ paths, clock, file }: Worker): string {
  const name = `${stampsAt(clock.now()).folderDate}-${nameWithoutDate(file.folder)}`;
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? name : `${name}-${number}`;
    if (statsAt(join(paths.archive, free)) === undefined) return free;
  }
}
