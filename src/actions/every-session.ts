import { isSamocodeError } from '../base/errors.ts';
import { byUrgency, readSessionList } from '../session/session-list.ts';
import type { SessionView } from '../session/status.ts';
import type { ActionContext } from './context.ts';
import { knownProjectFiles } from './find-project-for.ts';
import { type SessionsPlace, sessionsPlaces } from './sessions-places.ts';

/** A session of any project that is known on this machine. */
export interface PlacedSession {
  view: SessionView;
  place: SessionsPlace;
  /** Its name alone means a session of that name in a project that is looked at before. */
  isShadowed: boolean;
}

/** Every session that was not put away: what needs the human first, then the newest. Nothing is started. */
export async function everySession(context: ActionContext): Promise<PlacedSession[]> {
  const places = await everyPlace(context);
  const lists = await Promise.all(
    places.map(async (place) => {
      const views = await readSessionList(place.sessionsDir, context.host);
      return views.map((view) => ({ view, place }));
    }),
  );
  const taken = new Set<string>();
  const sessions = lists.flat().map(({ view, place }) => {
    const isShadowed = taken.has(view.folder);
    taken.add(view.folder);
    return { view, place, isShadowed };
  });
  return sessions.sort((a, b) => byUrgency(a.view, b.view));
}

/** Every folder of sessions, the client's own project first. No project, or a broken one, is no failure. */
export async function everyPlace(context: ActionContext): Promise<SessionsPlace[]> {
  const places = (await placesOf(undefined, context)) ?? (await placesOneByOne(context));
  const dirs = places.map(({ sessionsDir }) => sessionsDir);
  return places.filter(({ sessionsDir }, index) => dirs.indexOf(sessionsDir) === index);
}

// Where the client's own project can't be read, the others still can.
async function placesOneByOne(context: ActionContext): Promise<SessionsPlace[]> {
  const files = await knownProjectFiles(context.home);
  return (await Promise.all(files.map((path) => placesOf(path, context)))).flatMap((places) => places ?? []);
}

async function placesOf(
  projectDir: string | undefined,
  context: ActionContext,
): Promise<SessionsPlace[] | undefined> {
  try {
    return await sessionsPlaces(projectDir, context);
  } catch (error) {
    if (isSamocodeError(error)) return undefined;
    throw error;
  }
}
