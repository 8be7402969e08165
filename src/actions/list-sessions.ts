import { byUrgency, needsHuman, readAllSessions } from '../session/session-list.ts';
import type { SessionView } from '../session/status.ts';
import type { ActionContext } from './context.ts';
import { reviveForLook } from './revive.ts';
import type { SessionFilter } from './session-filters.ts';
import { projectDirOf, type SessionsPlace, sessionsPlaces } from './sessions-places.ts';

export interface ListSessionsInput {
  projectDir?: string | undefined;
  /** Sessions of every project that is known on this machine. */
  allProjects?: boolean | undefined;
  /** Without one, all but those that were put away. */
  filter?: SessionFilter | undefined;
}

export interface SessionList {
  /** What was looked into; where the call stands in no project, all that are known. */
  places: SessionsPlace[];
  /** What needs the human first, then the newest. */
  sessions: SessionView[];
  /** How many of them wait for a person. */
  needing: number;
  /** Those whose workers die again and again, so that none is started any more; they come first. */
  dying: SessionView[];
}

/** The sessions of a project; brings back workers that are missing. @throws ProjectNotFoundError */
export async function listSessions(input: ListSessionsInput, context: ActionContext): Promise<SessionList> {
  const { filter } = input;
  const isForHuman = filter === 'needs_human';
  const list = await lookAtSessions({ ...input, ...(isForHuman && { filter: undefined }) }, context);
  const dying: SessionView[] = [];
  const others: SessionView[] = [];
  for (const found of list.sessions) {
    const { view, revival } = await reviveForLook(found, context);
    if (revival === 'dies_again') dying.push(view);
    else if (isWanted(view, filter)) others.push(view);
  }
  return { ...list, sessions: [...dying, ...others], needing: list.needing + dying.length, dying };
}

/** The same, and nothing is started. */
export async function lookAtSessions(input: ListSessionsInput, context: ActionContext): Promise<SessionList> {
  const places = await sessionsPlaces(input.projectDir, context);
  const own = places.filter(({ isOwn }) => isOwn);
  const wanted = input.allProjects || own.length === 0 ? places : own;
  const lists = await Promise.all(
    wanted.map(({ sessionsDir }) => readAllSessions(sessionsDir, context.host)),
  );
  const sessions = lists.flat().filter((view) => isWanted(view, input.filter));
  const needing = sessions.filter(needsHuman).length;
  return { places: wanted, sessions: sessions.sort(byUrgency), needing, dying: [] };
}

/** The folder of the project that a listed session belongs to; undefined where all are of one. */
export function projectOfListed({ places }: SessionList, { paths }: SessionView): string | undefined {
  const place = places.find(({ sessionsDir }) => sessionsDir === paths.sessionsDir);
  return places.length > 1 && place ? projectDirOf(place) : undefined;
}

/** Whose sessions a list shows where the call stands in no project; undefined where it is as asked. */
export function whoseSessions({ places }: SessionList, input: ListSessionsInput): string | undefined {
  const [only] = places;
  if (input.allProjects || only === undefined || places.some(({ isOwn }) => isOwn)) return undefined;
  return places.length === 1
    ? `There is no project here; this is about ${projectDirOf(only)}.`
    : 'There is no project here; this is about every project known on this machine.';
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
