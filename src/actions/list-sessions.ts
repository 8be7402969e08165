import { byUrgency, readAllSessions } from '../session/session-list.ts';
import type { SessionView } from '../session/status.ts';
import type { ActionContext } from './context.ts';
import { revive } from './revive.ts';
import { sessionsPlaces } from './sessions-places.ts';

export interface ListSessionsInput {
  projectDir?: string | undefined;
  /** Sessions of every project that is known on this machine. */
  allProjects?: boolean | undefined;
  /** Those that were put away, and no others. */
  archived?: boolean | undefined;
}

export interface SessionList {
  sessionsDirs: string[];
  /** What needs the human first, then the newest. */
  sessions: SessionView[];
}

/** The sessions of a project; brings back workers that are missing. @throws ProjectNotFoundError */
export async function listSessions(input: ListSessionsInput, context: ActionContext): Promise<SessionList> {
  const list = await lookAtSessions(input, context);
  for (const view of list.sessions) await revive(view, context);
  return list;
}

/** The same, and nothing is started. */
export async function lookAtSessions(input: ListSessionsInput, context: ActionContext): Promise<SessionList> {
  const places = await sessionsPlaces(input.projectDir, context);
  const wanted = input.allProjects ? places : places.slice(0, 1);
  const sessionsDirs = wanted.map(({ sessionsDir }) => sessionsDir);
  const lists = await Promise.all(sessionsDirs.map((dir) => readAllSessions(dir, context.host)));
  const sessions = lists.flat().filter((view) => view.state.archived === (input.archived ?? false));
  return { sessionsDirs, sessions: sessions.sort(byUrgency) };
}
