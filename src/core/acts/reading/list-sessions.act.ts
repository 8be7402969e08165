import type { ActionContext } from '../../caller/context/context.ts';
import { projectDirOf, type SessionsFolder, sessionIndex } from '../../caller/context/session-index.ts';
import { READING_ERRORS } from '../../caller/errors/reading-errors.ts';
import { readHeldIssues } from '../../caller/facts/held-issues.ts';
import { groupLines, sessionFacts } from '../../caller/facts/session-facts.ts';
import { byWait } from '../../caller/facts/wanted.ts';
import { needsRescue, type WorkerReport } from '../../caller/facts/worker-now.ts';
import { readWatching, workerReport } from '../../caller/facts/worker-report.ts';
import { supervisorPaths } from '../../sandbox/programs/supervisor-folder.ts';
import { needsHuman, unimportedFolders } from '../../session/folder/session-list.ts';
import type { SessionView } from '../../session/folder/session-view.ts';

export interface ListSessionsInput {
  projectDir?: string;
  allProjects?: boolean;
  /** By default, all sessions that are not archived. */
  filter?: SessionFilter;
  group?: string;
}

export interface SessionList {
  /** The folders that were read; outside a project, those of all known projects. */
  places: readonly SessionsFolder[];
  /** First those that keep an agent waiting, then finished ones, the longest wait first; then the newest. */
  sessions: SessionView[];
  needing: number;
  workers: ReadonlyMap<SessionView, WorkerReport>;
  /** For a whole group: how many are done, and what each of the others is doing or waiting for. */
  groupSays: string[];
  /** Folders that are not sessions yet, with the command that imports one; empty in a list of some sessions. */
  unimported: string[];
  /** Labelled issues for which no session was started, and why. */
  held: string[];
}

/** Lists the sessions of a project. Starts nothing. */
export async function listSessions(input: ListSessionsInput, context: ActionContext): Promise<SessionList> {
  const { projectDir, allProjects } = input;
  const index = await sessionIndex({ projectDir, reach: allProjects ? 'known' : 'current' }, context);
  const { places } = index;
  const [watching, all] = await Promise.all([readWatching(context), index.once()]);
  const workers = new Map<SessionView, WorkerReport>();
  for (const { view } of all) workers.set(view, await workerReport(view, context, watching));
  const needs = (view: SessionView) => {
    const report = workers.get(view);
    return needsHuman(view) || (report !== undefined && needsRescue(view, report));
  };
  const wanted = [...workers].filter(
    ([view]) => isIn(input.group, view) && isWanted(view, input.filter, needs),
  );
  const known = wanted.map(([view, report]) => ({ view, facts: sessionFacts(view, report) }));
  const sessions = known.sort((a, b) => byWait(a.facts, b.facts)).map(({ view }) => view);
  const isGroup = input.group !== undefined && input.filter === undefined && sessions.length > 0;
  const groupSays = isGroup ? groupLines(sessions.map((view) => ({ view, report: workers.get(view) }))) : [];
  const filePaths = places.map(({ filePath }) => filePath);
  const isOfAll = input.filter === undefined && input.group === undefined;
  const unimported = isOfAll ? await unimportedLines(places) : [];
  const held = await readHeldIssues(supervisorPaths(context.home, context.host).intake, filePaths);
  return {
    places,
    sessions,
    needing: sessions.filter(needs).length,
    workers,
    groupSays,
    unimported,
    held,
  };
}

async function unimportedLines(places: readonly SessionsFolder[]): Promise<string[]> {
  const lists = await Promise.all(places.map(({ sessionsDir }) => unimportedFolders(sessionsDir)));
  const names = lists.flat();
  if (names.length === 0) return [];
  const more =
    names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more ("samocode import" lists them)` : '';
  const shown = names.slice(-MOST_NAMED).join(', ');
  return [
    `Not sessions yet: ${shown}${more}. In a terminal, a person makes one of each: samocode import <folder>`,
  ];
}

const MOST_NAMED = 5;

/** The project folder of a listed session; undefined if all belong to one project. */
export function projectOfListed({ places }: SessionList, { paths }: SessionView): string | undefined {
  const place = places.find(({ sessionsDir }) => sessionsDir === paths.sessionsDir);
  return places.length > 1 && place ? projectDirOf(place) : undefined;
}

export function whoseSessions({ places }: SessionList, input: ListSessionsInput): string | undefined {
  const [only] = places;
  if (input.allProjects || only === undefined || places.some(({ isOwn }) => isOwn)) return undefined;
  return places.length === 1
    ? `There is no project here, so this is about ${projectDirOf(only)}.`
    : 'There is no project here, so this is about every project known on this machine.';
}

function isIn(group: string | undefined, { sessionFile }: SessionView): boolean {
  return group === undefined || sessionFile?.group === group;
}

/** Reads a group's sessions, except archived ones. */
export async function sessionsOfGroup(
  question: GroupQuestion,
  context: ActionContext,
): Promise<SessionView[]> {
  return (await readGroup(question, context)).sessions;
}

export interface GroupQuestion {
  group: string;
  projectDir?: string;
}

export async function readGroup(
  { group, projectDir }: GroupQuestion,
  context: ActionContext,
): Promise<SessionList> {
  const list = await listSessions({ projectDir, group }, context);
  if (list.sessions.length > 0) return list;
  const { sessions } = await listSessions({ projectDir }, context);
  const groups = sessions.flatMap(({ sessionFile }) => sessionFile?.group ?? []);
  throw READING_ERRORS.group_not_found({ group, groups: [...new Set(groups)].sort() });
}

function isWanted(
  view: SessionView,
  filter: SessionFilter | undefined,
  needs: (view: SessionView) => boolean,
): boolean {
  const { kind } = view.state.status;
  if (view.state.archived !== (filter === 'archived')) return false;
  switch (filter) {
    case undefined:
    case 'archived':
      return true;
    case 'needs_human':
      return needs(view);
    case 'running':
      return kind === 'starting' || kind === 'queued' || kind === 'running' || kind === 'limited';
    default:
      return kind === filter;
  }
}

/** Which sessions to list. `running`: those that continue without a person; `archived`: only archived ones. */
export const SESSION_FILTERS = [
  'needs_human',
  'running',
  'waiting',
  'blocked',
  'stopped',
  'done',
  'archived',
] as const;
export type SessionFilter = (typeof SESSION_FILTERS)[number];
