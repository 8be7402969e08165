import { byUrgency, readSessionList } from '../../session/folder/session-list.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import type { ActionContext } from './context.ts';
import { allSessionsFolders, type SessionsFolder } from './sessions-folders.ts';

export interface PlacedSession {
  view: SessionView;
  place: SessionsFolder;
  /** The session's name alone is ambiguous, or refers to another session. */
  isShadowed: boolean;
}

/** Every session that is not archived: those that need a person first, then the newest. Starts nothing. */
export async function everySession(context: ActionContext): Promise<PlacedSession[]> {
  const places = await allSessionsFolders(context);
  const lists = await Promise.all(
    places.map(async (place) => {
      const views = await readSessionList(place.sessionsDir, context.host);
      return views.map((view) => ({ view, place }));
    }),
  );
  const all = lists.flat();
  const own = timesEach(all.filter(({ place }) => place.isOwn));
  const any = timesEach(all);
  // Same rule as in `findSession`: a session of the call's own project takes precedence.
  const sessions = all.map((one) => {
    const times = one.place.isOwn ? own : any;
    return { ...one, isShadowed: (times.get(one.view.folder) ?? 0) > 1 };
  });
  return sessions.sort((a, b) => byUrgency(a.view, b.view));
}

function timesEach(sessions: readonly Pick<PlacedSession, 'view'>[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { view } of sessions) times.set(view.folder, (times.get(view.folder) ?? 0) + 1);
  return times;
}
