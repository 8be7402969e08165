import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ifExists } from '../../kernel/errors.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { ANSWER_MS, unlessSilent } from '../../kernel/files/silent-places.ts';
import type { Host } from '../../kernel/processes/host.ts';
import { hasEnded } from '../events/rest.ts';
import { archiveRoot, earlierRunRoot, runRoot, type SessionPaths, sessionPaths } from '../layout/paths.ts';
import { SESSION_ERRORS } from '../layout/session-errors.ts';
import { readHeldUp } from './held-up.ts';
import { isFileError, readSession } from './read-session.ts';
import { runFolderElsewhere } from './run-folders.ts';
import type { SessionView } from './session-view.ts';

/** Names of all folders of a SESSIONS folder, including those that are no sessions. */
export async function sessionFolders(sessionsDir: string): Promise<string[]> {
  // One after the other, so that an unresponsive disk blocks only one thread.
  const visible = await foldersIn(sessionsDir);
  // Without its documents nothing is known of a session: SESSIONS may be on a disk that is away.
  if (visible.length === 0 && statsAt(sessionsDir) === undefined) return [];
  const running: string[] = [];
  for (const root of [runRoot(sessionsDir), earlierRunRoot(sessionsDir)]) {
    const found = await foldersIn(root).catch((error) => {
      // If access is denied, each session reports it.
      if (isFileError(error) && !SESSION_ERRORS.sessions_silent.is(error)) return [];
      throw error;
    });
    running.push(...found);
  }
  return [...new Set([...running, ...visible])].sort();
}

export async function archivedFolders(sessionsDir: string): Promise<string[]> {
  return await foldersIn(archiveRoot(sessionsDir));
}

/** Names of the folders that the Python samocode left, or a person prepared: samocode has no records of them. */
export async function unimportedFolders(sessionsDir: string): Promise<string[]> {
  const folders = await sessionFolders(sessionsDir);
  return folders.filter((folder) => isUnimported(sessionPaths(sessionsDir, folder)));
}

/** The early layout of the Python samocode kept all files in a folder of this name. */
export const NESTED_FOLDER = '_samocode';

/** Whether a folder has an overview and samocode has no records of it. */
export function isUnimported(paths: SessionPaths): boolean {
  try {
    return (
      statsAt(paths.runDir) === undefined &&
      overviewIn(paths) !== undefined &&
      runFolderElsewhere(paths) === undefined &&
      readHeldUp(paths) === undefined
    );
  } catch (error) {
    if (isFileError(error)) return false;
    throw error;
  }
}

/** The overview of a folder, also in the early layout; undefined if it has none. */
function overviewIn({ sessionDir, overview }: SessionPaths): string | undefined {
  const places = [overview, join(sessionDir, NESTED_FOLDER, basename(overview))];
  return places.find((path) => statsAt(path) !== undefined);
}

/** All sessions of a SESSIONS folder except archived ones: those that need the user first, then the newest. */
export async function readSessionList(sessionsDir: string, host: Host): Promise<SessionView[]> {
  return (await readAllSessions(sessionsDir, host)).filter((view) => !view.state.archived);
}

export async function readAllSessions(sessionsDir: string, host: Host): Promise<SessionView[]> {
  const folders = await sessionFolders(sessionsDir);
  const views: SessionView[] = [];
  for (let from = 0; from < folders.length; from += MAX_CONCURRENT) {
    const some = folders.slice(from, from + MAX_CONCURRENT);
    const read = await Promise.all(
      some.map((folder) => readSession(sessionPaths(sessionsDir, folder), host)),
    );
    views.push(...read.filter((view) => view !== undefined));
  }
  return views.sort(byUrgency);
}

export function needsHuman(view: SessionView): boolean {
  const { status, pullRequest, archived } = view.state;
  const { kind } = status;
  // A person updates this program: its later states are unknown here.
  if (view.otherBuild !== undefined) return view.otherBuild.is === 'newer';
  if (kind === 'done' && !archived && pullRequest?.asks !== undefined) return true;
  return kind === 'waiting' || kind === 'blocked' || view.isUnseen === true || isLost(view);
}

/** Whether no worker can start: the session's files are unreadable, or lack its identity or its start. */
export function isLost(view: SessionView): boolean {
  const { wantsWorker, sessionFile, state, otherBuild } = view;
  if (view.isUnreadable) return true;
  const { kind } = state.status;
  if (kind === 'starting' && !wantsWorker && otherBuild === undefined && !sessionFile?.pool) return true;
  return (wantsWorker || !hasEnded(kind)) && sessionFile === undefined;
}

/** The number of sessions that are read concurrently: each opens a handful of files. */
const MAX_CONCURRENT = 32;

async function entriesOf(dir: string): Promise<Dirent[]> {
  const entries = await unlessSilent(dir, () => ifExists(readdir(dir, { withFileTypes: true })));
  if (entries === 'silent') throw SESSION_ERRORS.sessions_silent({ dir, seconds: ANSWER_MS / 1000 });
  return entries ?? [];
}

async function foldersIn(dir: string): Promise<string[]> {
  const entries = await entriesOf(dir);
  return entries.filter((entry) => entry.isDirectory() && !/^[._]/.test(entry.name)).map(({ name }) => name);
}

export function byUrgency(a: SessionView, b: SessionView): number {
  const urgency = Number(needsHuman(b)) - Number(needsHuman(a));
  return urgency || descending(startOf(a), startOf(b)) || descending(a.folder, b.folder);
}

/** In UTC, like all times in files, so that comparing the strings compares the times. */
function startOf({ state }: SessionView): string {
  return state.createdAt ?? state.status.since;
}

function descending(a: string, b: string): number {
  return Number(a < b) - Number(a > b);
}
