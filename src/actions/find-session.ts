import { SamocodeError } from '../base/errors.ts';
import { nearestName } from '../base/nearest-name.ts';
import { nameWithoutDate, resolveSessionFolder } from '../session/names.ts';
import { sessionPaths } from '../session/paths.ts';
import { readAllSessions, sessionFolders } from '../session/session-list.ts';
import { readSession, type SessionView } from '../session/status.ts';
import type { ActionContext } from './context.ts';
import { projectDirOf, type SessionsPlace, sessionsPlaces } from './sessions-places.ts';

/** Which session a call is about. */
export interface SessionQuestion {
  /** A session folder, or a name without its date: the newest of that name. */
  session: string;
  projectDir?: string | undefined;
}

/**
 * The session that a name means, as its files show it now: in the call's own project, else in the one of the
 * others known on this machine that has it.
 * @throws SessionNotFoundError with the nearest names; SessionAmbiguousError; project_not_found and the errors
 * of settings
 */
export async function findSession(question: SessionQuestion, context: ActionContext): Promise<SessionView> {
  return (await findSessionAndPlace(question, context)).view;
}

export async function findSessionAndPlace(
  { session, projectDir }: SessionQuestion,
  context: ActionContext,
): Promise<{ view: SessionView; place: SessionsPlace }> {
  const places = await sessionsPlaces(projectDir, context);
  const seen: string[] = [];
  for (const isOwn of [true, false]) {
    const some = places.filter((place) => place.isOwn === isOwn);
    const looks = await Promise.all(some.map((place) => lookIn(place, session, context)));
    const found = looks.flatMap(({ view, place }) => (view === undefined ? [] : [{ view, place }]));
    if (found.length > 1)
      throw new SessionAmbiguousError(
        session,
        found.map(({ place }) => place),
      );
    if (found[0] !== undefined) return found[0];
    for (const { place } of looks) {
      const views = await readAllSessions(place.sessionsDir, context.host);
      seen.push(
        ...views
          .map(({ folder }) => folder)
          .sort()
          .toReversed(),
      );
    }
  }
  throw new SessionNotFoundError(session, seen);
}

async function lookIn(place: SessionsPlace, session: string, { host }: ActionContext) {
  const folders = await sessionFolders(place.sessionsDir);
  const folder = resolveSessionFolder(folders, session);
  const view = folder && (await readSession(sessionPaths(place.sessionsDir, folder), host));
  return { place, view: view || undefined };
}

/** Whichever was taken, the next call might mean another: other projects come and go, and change places. */
class SessionAmbiguousError extends SamocodeError {
  readonly code = 'session_ambiguous';

  constructor(session: string, places: readonly SessionsPlace[]) {
    super(
      `There is more than one session "${session.slice(0, 80)}".`,
      `These projects have one: ${places.map(projectDirOf).join(', ')}.`,
      'Pass project_dir, the folder of the one that is meant.',
    );
  }
}

export class SessionNotFoundError extends SamocodeError {
  readonly code = 'session_not_found';

  /** @param folders the newest first, those of the call's own project before all others */
  constructor(session: string, folders: readonly string[]) {
    const short = session.slice(0, 80);
    const names = [...folders, ...folders.map(nameWithoutDate)];
    const meant = nearestName(short, names);
    const newest = folders.slice(0, 5).join(', ');
    super(
      `There is no session "${short}".`,
      newest ? `Some that there are: ${newest}.` : 'There are no sessions yet.',
      meant
        ? `Did you mean "${meant}"?`
        : 'Use a name that list_sessions shows, or start one with start_session.',
    );
  }
}
