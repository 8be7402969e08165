import { readdir } from 'node:fs/promises';
import type { ActionContext } from '../../actions/acting/context.ts';
import { everyPlace } from '../../actions/places/every-session.ts';
import type { SessionsPlace } from '../../actions/places/sessions-places.ts';
import { runRoot, type SessionPaths, sessionPaths } from '../../session/layout/paths.ts';
import { sessionFolders } from '../../session/session-list.ts';
import type { Watched } from '../../session/watching/watch-files.ts';

/** The logs of all sessions of all projects: whatever changes a session stands there first. */
export interface SessionLogs {
  locate(): Promise<Watched>;
  /** The session of a file that the last look had. */
  sessionOf(path: string): SessionPaths | undefined;
}

/** How long a list of projects counts; a new one is seldom, and reading their settings is dear. */
const PLACES_MS = 5000;

export function newSessionLogs(context: ActionContext): SessionLogs {
  let sessions = new Map<string, SessionPaths>();
  let places: readonly SessionsPlace[] = [];
  let readAgainAt = Number.NEGATIVE_INFINITY;
  return {
    async locate() {
      if (context.clock.monotonic() >= readAgainAt) {
        places = await everyPlace(context);
        readAgainAt = context.clock.monotonic() + PLACES_MS;
      }
      const found = await Promise.all(places.map(({ sessionsDir }) => sessionsIn(sessionsDir)));
      // Folders begin with their date: the newest are the ones that are listened to.
      sessions = new Map(found.flat().sort(([, a], [, b]) => (a.folder < b.folder ? 1 : -1)));
      const folders = places.flatMap(({ sessionsDir }) => [sessionsDir, runRoot(sessionsDir)]);
      return { files: [...sessions.keys()], folders };
    },
    sessionOf: (path) => sessions.get(path),
  };
}

/** A folder of the original tool has no log; its overview stands for it. */
async function sessionsIn(sessionsDir: string): Promise<[string, SessionPaths][]> {
  const [folders, run] = await Promise.all([
    sessionFolders(sessionsDir),
    readdir(runRoot(sessionsDir)).catch((): string[] => []),
  ]);
  const withLog = new Set(run);
  return folders.map((folder) => {
    const paths = sessionPaths(sessionsDir, folder);
    return [withLog.has(folder) ? paths.events : paths.overview, paths];
  });
}
