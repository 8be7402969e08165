import { BASE_ERRORS } from '../../kernel/base-errors.ts';
import { orNothing } from '../../kernel/errors.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { nearestName } from '../../kernel/nearest-name.ts';
import { launchWorker } from '../../sandbox/programs/launch-worker.ts';
import { endNow } from '../../session/events/open-work.ts';
import { readHeldUp } from '../../session/folder/held-up.ts';
import { readSession } from '../../session/folder/read-session.ts';
import { isUnimported } from '../../session/folder/session-list.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import {
  foldersOfId,
  matchFolders,
  nameWithoutDate,
  resolveSessionFolder,
} from '../../session/layout/names.ts';
import { type SessionPaths, sessionPaths } from '../../session/layout/paths.ts';
import { otherBuildError } from '../../session/layout/session-errors.ts';
import { ACTION_ERRORS } from '../errors/action-errors.ts';
import type { ActionContext } from './context.ts';
import { isInsideSession } from './refuse-from-inside.ts';
import {
  type NamesInPlace,
  type PlacedSession,
  projectDirOf,
  type SessionsFolder,
  sessionIndex,
} from './session-index.ts';
import { whichProjects } from './which-projects.ts';

export interface SessionQuestion {
  /** A session folder, a name without its date (then the newest), a prefix of either, or a short id. */
  session: string;
  projectDir?: string;
  /** Prefixes do not match; for callers that expect that the session might not exist. */
  isWholeName?: boolean;
  /** Like `isWholeName`, but short ids match: for destructive acts that are not confirmed first. */
  isExact?: boolean;
  /** The call changes something: a name alone does not reach a session outside the current project, or one whose log lies elsewhere. */
  isAct?: boolean;
  /** Whether its log may lie elsewhere: by default only if the call changes nothing. */
  mayBeElsewhere?: boolean;
}

/**
 * Finds a session by name and reads its current state: first in the call's own project, by full name and then by
 * prefix, then in the other projects known on this machine.
 */
export async function findSession(question: SessionQuestion, context: ActionContext): Promise<SessionView> {
  return (await findSessionAndPlace(question, context)).view;
}

export async function findSessionAndPlace(
  question: SessionQuestion,
  context: ActionContext,
): Promise<PlacedSession> {
  const { session, projectDir, isWholeName = false, isExact = false } = question;
  const byFullName = (folders: readonly string[]) => resolveSessionFolder(folders, session) ?? [];
  const byPrefix = (folders: readonly string[]) => matchFolders(folders, session);
  const byId = (folders: readonly string[]) => foldersOfId(folders, session);
  const matchers = isWholeName ? [byFullName] : [byFullName, isExact ? byId : byPrefix];
  let lists: NamesInPlace[] = [];
  // The disks of other projects are read only for a session that the own ones lack.
  for (const reach of ['current', 'known'] as const) {
    // A call that is about no project has searched the others already.
    if (lists.some(({ place }) => !place.isOwn)) break;
    lists = await (await sessionIndex({ projectDir, reach }, context)).names();
    const some = reach === 'current' ? lists : lists.filter(({ place }) => !place.isOwn);
    for (const matcher of matchers) {
      const matches = await Promise.all(
        some.map(({ place, folders }) => openAll([matcher(folders)].flat(), place, context)),
      );
      const all = matches.flat();
      const found = onlyMatch(session, matcher === byFullName ? all : currentOnes(all));
      if (found !== undefined) return await reached(found, question, context);
    }
  }
  for (const { place, folders } of lists) {
    const named = matchers.flatMap((matcher) => matcher(folders));
    refuseUnimported(named.map((folder) => sessionPaths(place.sessionsDir, folder)));
  }
  const meant = isExact ? lists.flatMap(({ folders }) => byPrefix(folders)) : [];
  if (meant.length > 0) throw ACTION_ERRORS.whole_name_needed({ session, meant });
  throw notFound(session, lists);
}

function refuseUnimported(named: readonly SessionPaths[]): void {
  const away = named.map(readHeldUp).find((met) => met?.code === 'place_away');
  if (away !== undefined) throw BASE_ERRORS.place_away({ dir: away.path ?? '' });
  const unimported = named.find(isUnimported);
  if (unimported !== undefined) throw ACTION_ERRORS.not_imported({ session: unimported.folder });
}

async function reached(
  found: PlacedSession,
  { projectDir: named, isAct, mayBeElsewhere = !isAct }: SessionQuestion,
  context: ActionContext,
): Promise<PlacedSession> {
  const { folder, otherBuild } = found.view;
  if (!mayBeElsewhere && otherBuild?.is === 'elsewhere') throw otherBuildError(folder, otherBuild);
  if (isAct) await continueWork(found.view, context);
  // If no project is named, the call's own projects are the current ones.
  if (!isAct || (found.place.isOwn && !named?.trim())) return found;
  const { own, notFound: nowhere } = await whichProjects(undefined, context);
  if (own.includes(found.place.filePath)) return found;
  const hasLocation = own.length > 0 || nowhere?.args.repository !== undefined;
  const { elsewhere } = context;
  const session = found.view.folder;
  const projectDir = projectDirOf(found.place);
  const isMeant =
    named?.trim() || !hasLocation || (await elsewhere?.agrees?.({ session, projectDir })) === true;
  if (!isMeant) {
    const command = elsewhere?.command?.(projectDir);
    throw ACTION_ERRORS.other_project({ session, projectDir, command });
  }
  elsewhere?.reached?.(projectDir);
  return found;
}

/**
 * Starts the worker of a merge, discard or other end that a dead worker left open: until it is over, other acts are
 * refused, and there may be no supervisor to start one.
 */
async function continueWork(
  { needsWorker, state, paths }: SessionView,
  context: ActionContext,
): Promise<void> {
  const { programs, env } = context;
  if (needsWorker && endNow(state) !== undefined && !(await isInsideSession(context)))
    await launchWorker(paths, { program: programs.worker, env });
}

async function openAll(folders: readonly string[], place: SessionsFolder, { host }: ActionContext) {
  const views = await Promise.all(
    folders.map((folder) => readSession(sessionPaths(place.sessionsDir, folder), host)),
  );
  return views.flatMap((view) => (view === undefined ? [] : [{ view, place }]));
}

/** Leaves out archived sessions unless there are no others. */
function currentOnes(found: readonly PlacedSession[]): readonly PlacedSession[] {
  const current = found.filter(({ view }) => !view.state.archived);
  return current.length > 0 ? current : found;
}

function onlyMatch(session: string, meant: readonly PlacedSession[]): PlacedSession | undefined {
  if (meant.length <= 1) return meant[0];
  // Picking one would be unstable: other projects are added, removed and moved.
  const names = [...new Set(meant.map(({ view }) => view.folder))];
  const projects = [...new Set(meant.map(({ place }) => projectDirOf(place)))];
  throw ACTION_ERRORS.session_ambiguous({ session, names, projects });
}

/** Names the newest sessions: first those of the call's own project, then the others. */
function notFound(session: string, lists: readonly NamesInPlace[]) {
  const folders = lists.flatMap(({ place: { sessionsDir }, folders }) => {
    // Records that may not be read count.
    const hasRecords = (folder: string) =>
      orNothing(() => statsAt(sessionPaths(sessionsDir, folder).runDir) ?? 'none') !== 'none';
    return folders.filter(hasRecords).toReversed();
  });
  const meant = nearestName(session.slice(0, 80), [...folders, ...folders.map(nameWithoutDate)]);
  return ACTION_ERRORS.session_not_found({ session, newest: folders.slice(0, 5).join(', '), meant });
}
