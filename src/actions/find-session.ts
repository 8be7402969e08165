import { SamocodeError } from '../base/errors.ts';
import { nearestName } from '../base/nearest-name.ts';
import { nameWithoutDate, resolveSessionFolder } from '../session/names.ts';
import { sessionPaths } from '../session/paths.ts';
import { sessionFolders } from '../session/session-list.ts';
import { readSession, type SessionView } from '../session/status.ts';
import type { ActionContext } from './context.ts';
import { type SessionsPlace, sessionsPlaces } from './sessions-places.ts';

/** Which session a call is about. */
export interface SessionQuestion {
  /** A session folder, or a name without its date: the newest of that name. */
  session: string;
  projectDir?: string | undefined;
}

/**
 * The session that a name means, as its files show it now: in the call's project, else in another one
 * that is known on this machine.
 * @throws SessionNotFoundError with the nearest names; ProjectNotFoundError and the errors of settings
 */
export async function findSession(question: SessionQuestion, context: ActionContext): Promise<SessionView> {
  return (await findSessionAndPlace(question, context)).view;
}

export async function findSessionAndPlace(
  { session, projectDir }: SessionQuestion,
  context: ActionContext,
): Promise<{ view: SessionView; place: SessionsPlace }> {
  const seen: string[] = [];
  for (const place of await sessionsPlaces(projectDir, context)) {
    const folders = await sessionFolders(place.sessionsDir);
    const folder = resolveSessionFolder(folders, session);
    const view = folder && (await readSession(sessionPaths(place.sessionsDir, folder), context.host));
    if (view) return { view, place };
    seen.push(...folders);
  }
  throw new SessionNotFoundError(session, seen);
}

export class SessionNotFoundError extends SamocodeError {
  readonly code = 'session_not_found';

  constructor(session: string, folders: readonly string[]) {
    const short = session.slice(0, 80);
    const names = [...folders, ...folders.map(nameWithoutDate)];
    const meant = nearestName(short, names);
    const newest = folders.slice(-5).reverse().join(', ');
    super(
      `There is no session "${short}".`,
      newest ? `Some that there are: ${newest}.` : 'There are no sessions yet.',
      meant
        ? `Did you mean "${meant}"?`
        : 'Use a name that list_sessions shows, or start one with start_session.',
    );
  }
}
