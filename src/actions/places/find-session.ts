import { nearestName } from '../../base/nearest-name.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { nameWithoutDate, resolveSessionFolder } from '../../session/layout/names.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import { readAllSessions, sessionFolders } from '../../session/session-list.ts';
import { readSession } from '../../session/status.ts';
import { ACTION_ERRORS } from '../acting/action-errors.ts';
import type { ActionContext } from '../acting/context.ts';
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
 * @throws session_not_found with the nearest name; session_ambiguous; project_not_found and the errors
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
    if (found.length > 1) {
      // Whichever was taken, the next call might mean another: other projects come and go, and change places.
      const projects = found.map(({ place }) => projectDirOf(place));
      throw ACTION_ERRORS.session_ambiguous({ session, projects });
    }
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
  throw notFound(session, seen);
}

async function lookIn(place: SessionsPlace, session: string, { host }: ActionContext) {
  const folders = await sessionFolders(place.sessionsDir);
  const folder = resolveSessionFolder(folders, session);
  const view = folder && (await readSession(sessionPaths(place.sessionsDir, folder), host));
  return { place, view: view || undefined };
}

/** @param folders the newest first, those of the call's own project before all others */
function notFound(session: string, folders: readonly string[]) {
  const meant = nearestName(session.slice(0, 80), [...folders, ...folders.map(nameWithoutDate)]);
  return ACTION_ERRORS.session_not_found({ session, newest: folders.slice(0, 5).join(', '), meant });
}
