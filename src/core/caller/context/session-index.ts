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

/** The sessions that a call can be about. Starts nothing. */
export class SessionIndex {
  readonly places: readonly SessionsFolder[];
  readonly #host: ActionContext['host'];

  private constructor(places: readonly SessionsFolder[], { host }: ActionContext) {
    this.places = places;
    this.#host = host;
  }

  static async of(question: SessionsQuestion, context: ActionContext): Promise<SessionIndex> {
    return new SessionIndex(await sessionsFolders(question, context), context);
  }

  /** Names of all folders in each place, including those that are no sessions: reads none of them. */
  async names(): Promise<NamesInPlace[]> {
    return await Promise.all(
      this.places.map(async (place) => ({ place, folders: await sessionFolders(place.sessionsDir) })),
    );
  }

  /** Every session, archived ones too: those that need a person first, then the newest. */
  async once(): Promise<PlacedSession[]> {
    const lists = await Promise.all(
      this.places.map(async (place) => {
        const views = await readAllSessions(place.sessionsDir, this.#host);
        return views.map((view) => ({ view, place }));
      }),
    );
    return lists.flat().sort((a, b) => byUrgency(a.view, b.view));
  }
}
