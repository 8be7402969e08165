import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findSessionAndPlace } from '../../../core/caller/context/find-session.ts';
import { type SessionsFolder, sessionsFolders } from '../../../core/caller/context/sessions-folders.ts';
import { paramsProblem } from '../../../core/faces/mcp/on-request.ts';
import { gitDirOf, sharedDirOf } from '../../../core/kernel/files/git-pointer.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { parseDocumentName } from '../../../core/session/documents/documents.ts';
import { readSession } from '../../../core/session/folder/read-session.ts';
import { type Watched, watchFiles } from '../../../core/session/folder/watch.ts';
import { isFolderName } from '../../../core/session/layout/names.ts';
import { runRoot, type SessionPaths, sessionPaths } from '../../../core/session/layout/paths.ts';
import { readLog } from '../../../core/session/log/event-log.ts';
import { parseResourceUri, RESOURCE_KINDS, type SessionAddress } from './kinds.ts';
import { isLive } from './session-rows.ts';
import type { Follow } from './subscriptions.ts';

/** @throws InvalidParamsError when there is no such resource or session */
export async function followResource(uri: string, context: ActionContext): Promise<Follow> {
  const { clock } = context;
  const locate = await locatorOf(uri, context);
  return (signal) => watchFiles(locate, { clock, signal });
}

/** @returns a function that lists the files of a resource, called at each poll */
async function locatorOf(uri: string, context: ActionContext): Promise<() => Promise<Watched>> {
  const address = parseResourceUri(uri);
  if (address.kind === 'sessions') return newSessionLogs(context).locate;
  try {
    const { view, place } = await findSessionAndPlace({ ...address, isWholeName: true }, context);
    return () => filesOf(address.kind, place.sessionsDir, view.folder);
  } catch (error) {
    throw paramsProblem(error);
  }
}

async function filesOf(kind: SessionAddress['kind'], sessionsDir: string, folder: string): Promise<Watched> {
  const live = sessionPaths(sessionsDir, folder);
  const archived = sessionPaths(sessionsDir, folder, true);
  const isArchived = statsAt(live.sessionDir) === undefined && statsAt(archived.sessionDir) !== undefined;
  const paths = isArchived ? archived : live;
  const { file } = RESOURCE_KINDS[kind];
  // The next poll computes the paths again and so notices an archived or restored session.
  if (file) return { files: [paths[file.at]] };
  return kind === 'plan' ? await planFiles(paths) : await branchFiles(paths);
}

async function planFiles({ sessionDir }: SessionPaths): Promise<Watched> {
  const names = await readdir(sessionDir).catch((): string[] => []);
  const plans = names.filter((name) => parseDocumentName(name)?.kind === 'plan');
  return { files: plans.map((name) => join(sessionDir, name)), folders: [sessionDir] };
}

/** The files that git writes with each commit: the worktree's own reflog, and its branch. */
async function branchFiles(paths: SessionPaths): Promise<Watched> {
  const worktree = (await readLog(paths))?.state.worktree;
  // The event log changes once there is a worktree.
  if (worktree === undefined) return { files: [], folders: [paths.events] };
  const ownDir = await gitDirOf(worktree.path);
  if (ownDir === undefined) return { files: [join(worktree.path, '.git')] };
  const shared = (await sharedDirOf(ownDir)) ?? resolve(ownDir, '../..');
  return { files: [join(ownDir, 'logs/HEAD'), join(shared, 'refs/heads', worktree.branch)] };
}

/** New projects are rare and reading their settings is expensive. */
const PLACES_MS = 5000;

/** The logs of all sessions of all projects: every change to a session is written there first. */
function newSessionLogs(context: ActionContext) {
  let sessions = new Map<string, SessionPaths>();
  let places: readonly SessionsFolder[] = [];
  let readAgainAt = Number.NEGATIVE_INFINITY;
  return {
    async locate(): Promise<Watched> {
      if (context.clock.monotonic() >= readAgainAt) {
        places = await sessionsFolders({ reach: 'readable' }, context);
        readAgainAt = context.clock.monotonic() + PLACES_MS;
      }
      const found = await Promise.all(places.map(({ sessionsDir }) => logsIn(sessionsDir)));
      // Folders begin with their date, and only the newest are watched.
      sessions = new Map(found.flat().sort(([, a], [, b]) => (a.folder < b.folder ? 1 : -1)));
      const folders = places.flatMap(({ sessionsDir }) => [sessionsDir, runRoot(sessionsDir)]);
      return { files: [...sessions.keys()], folders };
    },
    /** The session of a file from the last `locate`. */
    sessionOf: (path: string) => sessions.get(path),
  };
}

async function logsIn(sessionsDir: string): Promise<[string, SessionPaths][]> {
  const folders = await readdir(runRoot(sessionsDir)).catch((): string[] => []);
  const all = folders.filter(isFolderName).map((folder) => sessionPaths(sessionsDir, folder));
  return all.map((paths) => [paths.events, paths]);
}

// Every chat that has listed the sessions watches the list.
const LIST_PACE = { spacingMs: 100, pollMs: 5000 };

/**
 * Follows the list of live sessions: yields when a session enters or leaves it.
 * @param listed folders of the sessions in the client's last list; updated here
 */
export function followList(context: ActionContext, listed: Set<string>): Follow {
  const { clock, host } = context;
  const logs = newSessionLogs(context);
  const dirOf = new Map<string, string>();
  const isDifferent = async (path: string): Promise<boolean> => {
    const paths = logs.sessionOf(path);
    const dir = paths?.sessionDir ?? dirOf.get(path) ?? '';
    dirOf.set(path, dir);
    const view = paths && (await readSession(paths, host));
    const isNow = view !== undefined && isLive(view);
    if (isNow === listed.has(dir)) return false;
    if (isNow) listed.add(dir);
    else listed.delete(dir);
    return true;
  };
  return async function* (signal) {
    let isFirst = true;
    for await (const paths of watchFiles(logs.locate, { clock, signal, ...LIST_PACE })) {
      let differs = isFirst;
      for (const path of paths) {
        if (isFirst) dirOf.set(path, logs.sessionOf(path)?.sessionDir ?? '');
        else differs = (await isDifferent(path)) || differs;
      }
      isFirst = false;
      if (differs) yield paths;
    }
  };
}
