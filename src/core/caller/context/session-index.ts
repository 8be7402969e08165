import { byUrgency, readAllSessions, sessionFolders } from '../../session/folder/session-list.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import type { ActionContext } from './context.ts';
import { type SessionsFolder, type SessionsQuestion, sessionsFolders } from './sessions-folders.ts';

export interface PlacedSession {
  view: SessionView;
  place: SessionsFolder;
}

export interface NamesInPlace {
  place: SessionsFolder;
  folders: string[];
}

/** The sessions that a call can be about. */
export interface SessionIndex {
  places: readonly SessionsFolder[];
  /** Names of all folders in each place, including those that are no sessions: reads none of them. */
  names(): Promise<NamesInPlace[]>;
  /** Every session, archived ones too: those that need a person first, then the newest. Starts nothing. */
  once(): Promise<PlacedSession[]>;
}

export async function sessionIndex(
  question: SessionsQuestion,
  context: ActionContext,
): Promise<SessionIndex> {
  const places = await sessionsFolders(question, context);
  const inEach = <T>(read: (place: SessionsFolder) => Promise<T>) => Promise.all(places.map(read));
  return {
    places,
    names: () => inEach(async (place) => ({ place, folders: await sessionFolders(place.sessionsDir) })),
    async once() {
      const lists = await inEach(async (place) => {
        const views = await readAllSessions(place.sessionsDir, context.host);
        return views.map((view) => ({ view, place }));
      });
      return lists.flat().sort((a, b) => byUrgency(a.view, b.view));
    },
  };
}
