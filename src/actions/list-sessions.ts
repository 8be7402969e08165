import { byUrgency, needsHuman, readAllSessions } from '../session/session-list.ts';
import type { SessionView } from '../session/status.ts';
import type { ActionContext } from './context.ts';
import { revive } from './revive.ts';
import type { SessionFilter } from './session-filters.ts';
import { sessionsPlaces } from './sessions-places.ts';

export interface ListSessionsInput {
  projectDir?: string | undefined;
  /** Sessions of every project that is known on this machine. */
  allProjects?: boolean | undefined;
  /** Without one, all but those that were put away. */
  filter?: SessionFilter | undefined;
}

export interface SessionList {
  sessionsDirs: string[];
  /** What needs the human first, then the newest. */
  sessions: SessionView[];
  /** How many of them wait for a person. */
  needing: number;
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
  const sessions = lists.flat().filter((view) => isWanted(view, input.filter));
  const needing = sessions.filter(needsHuman).length;
  return { sessionsDirs, sessions: sessions.sort(byUrgency), needing };
}

function isWanted(view: SessionView, filter: SessionFilter | undefined): boolean {
  const { kind } = view.state.status;
  if (view.state.archived !== (filter === 'archived')) return false;
  switch (filter) {
    case undefined:
    case 'archived':
      return true;
    case 'needs_human':
      return needsHuman(view);
    case 'running':
      return kind === 'starting' || kind === 'queued' || kind === 'running' || kind === 'limited';
    case 'waiting':
    case 'blocked':
    case 'stopped':
    case 'done':
      return kind === filter;
    default:
      return filter satisfies never;
  }
}
