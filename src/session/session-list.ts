import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { systemClock } from '../base/clock.ts';
import { ifExists } from '../base/errors.ts';
import type { Host } from '../base/processes/host.ts';
import type { SessionView } from './events/session-view.ts';
import { archiveRoot, runRoot, sessionPaths } from './layout/paths.ts';
import { SESSION_ERRORS } from './layout/session-errors.ts';
import { isOfFiles, readSession } from './status.ts';

/** Names of all session folders of a SESSIONS folder, those of the original tool too. @throws sessions_silent */
export async function sessionFolders(sessionsDir: string): Promise<string[]> {
  // One after the other: where neither is answered, only one thread waits.
  const visible = await foldersIn(sessionsDir);
  const running = await foldersIn(runRoot(sessionsDir)).catch((error) => {
    // Where it is refused, each session says so.
    if (isOfFiles(error) && !SESSION_ERRORS.sessions_silent.is(error)) return [];
    throw error;
  });
  return [...new Set([...running, ...visible])].sort();
}

export async function archivedFolders(sessionsDir: string): Promise<string[]> {
  return await foldersIn(archiveRoot(sessionsDir));
}

/** All sessions of a SESSIONS folder but those that were put away: what needs the human first, then the newest. */
export async function readSessionList(sessionsDir: string, host: Host): Promise<SessionView[]> {
  return (await readAllSessions(sessionsDir, host)).filter((view) => !view.state.archived);
}

export async function readAllSessions(sessionsDir: string, host: Host): Promise<SessionView[]> {
  const folders = await sessionFolders(sessionsDir);
  const views: SessionView[] = [];
  for (let from = 0; from < folders.length; from += AT_ONCE) {
    const some = folders.slice(from, from + AT_ONCE);
    const read = await Promise.all(
      some.map((folder) => readSession(sessionPaths(sessionsDir, folder), host)),
    );
    views.push(...read.filter((view) => view !== undefined));
  }
  return views.sort(byUrgency);
}

export function needsHuman(view: SessionView): boolean {
  const { kind } = view.state.status;
  return kind === 'waiting' || kind === 'blocked' || view.isUnseen === true || isLost(view);
}

/** No worker can begin: its files may not be read, or say neither what it is nor that it was started. */
export function isLost(view: SessionView): boolean {
  const { wantsWorker, sessionFile, isForeign, state, newer } = view;
  if (view.isUnreadable) return true;
  const { kind } = state.status;
  if (isForeign) return false;
  if (kind === 'starting' && !wantsWorker && newer === undefined) return true;
  return (wantsWorker || (kind !== 'stopped' && kind !== 'done')) && sessionFile === undefined;
}

/** Sessions read side by side: each opens a handful of files. */
const AT_ONCE = 32;

/** Longer than a disk takes that is there: a network mount that is gone never answers. */
const ANSWER_MS = 3000;

/** Asked, and without an answer: each question holds one of the few threads that read files for Node. */
const silent = new Set<string>();

async function entriesOf(dir: string): Promise<Dirent[]> {
  if (!silent.has(dir)) {
    const answered = new AbortController();
    const late = systemClock
      .sleep(ANSWER_MS, answered.signal)
      // Of a process that was stopped or busy the answer may be there by now, and is read only behind its timers.
      .then(() => systemClock.sleep(1, answered.signal))
      .then(
        () => silent.add(dir),
        () => undefined,
      );
    const answer = ifExists(readdir(dir, { withFileTypes: true })).finally(() => silent.delete(dir));
    const entries = await Promise.race([answer, late]).finally(() => answered.abort());
    if (!(entries instanceof Set)) return entries ?? [];
    // Nobody waits for it any more.
    answer.catch(() => undefined);
  }
  throw SESSION_ERRORS.sessions_silent({ dir, seconds: ANSWER_MS / 1000 });
}

async function foldersIn(dir: string): Promise<string[]> {
  const entries = await entriesOf(dir);
  return entries.filter((entry) => entry.isDirectory() && !/^[._]/.test(entry.name)).map(({ name }) => name);
}

export function byUrgency(a: SessionView, b: SessionView): number {
  const urgency = Number(needsHuman(b)) - Number(needsHuman(a));
  return urgency || descending(startOf(a), startOf(b)) || descending(a.folder, b.folder);
}

/** In UTC, as all times in files: their texts are ordered as they are. */
function startOf({ state }: SessionView): string {
  return state.createdAt ?? state.status.since;
}

function descending(a: string, b: string): number {
  return Number(a < b) - Number(a > b);
}
