import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ActionContext } from '../../actions/acting/context.ts';
import { findSessionAndPlace } from '../../actions/places/find-session.ts';
import { isSamocodeError } from '../../base/errors.ts';
import { gitDirOf, sharedDirOf } from '../../base/files/git-pointer.ts';
import { parseDocumentName } from '../../session/documents/documents.ts';
import { readLog } from '../../session/events/event-log.ts';
import { type SessionPaths, sessionPaths } from '../../session/layout/paths.ts';
import type { Watched } from '../../session/watching/watch-files.ts';
import { InvalidParamsError } from '../calls/invalid-params.ts';
import { resourceKind } from './kinds.ts';
import { parseResourceUri, type SessionAddress } from './resource-uri.ts';
import { newSessionLogs } from './session-logs.ts';

/** Tells anew at each look which files stand behind a resource. */
export type Locate = () => Promise<Watched>;

/** @throws InvalidParamsError when there is no such resource or session */
export async function locatorOf(uri: string, context: ActionContext): Promise<Locate> {
  const address = parseResourceUri(uri);
  if (address.kind === 'sessions') return newSessionLogs(context).locate;
  try {
    const { view, place } = await findSessionAndPlace({ ...address, isWholeName: true }, context);
    return () => filesOf(address.kind, place.sessionsDir, view.folder);
  } catch (error) {
    if (isSamocodeError(error)) throw new InvalidParamsError(error.message);
    throw error;
  }
}

async function filesOf(kind: SessionAddress['kind'], sessionsDir: string, folder: string): Promise<Watched> {
  const live = sessionPaths(sessionsDir, folder);
  const archived = sessionPaths(sessionsDir, folder, true);
  const isArchived = !(await isThere(live.sessionDir)) && (await isThere(archived.sessionDir));
  const paths = isArchived ? archived : live;
  const { file } = resourceKind(kind);
  // A session that is archived or comes back is noticed at the next look, which asks for its paths.
  if (file) return { files: [file.of(paths)] };
  return kind === 'plan' ? await planFiles(paths) : await branchFiles(paths);
}

async function planFiles({ sessionDir }: SessionPaths): Promise<Watched> {
  const names = await readdir(sessionDir).catch((): string[] => []);
  const plans = names.filter((name) => parseDocumentName(name)?.kind === 'plan');
  return { files: plans.map((name) => join(sessionDir, name)), folders: [sessionDir] };
}

/** What git writes with each commit: the worktree's own reflog, and its branch. */
async function branchFiles(paths: SessionPaths): Promise<Watched> {
  const worktree = (await readLog(paths))?.state.worktree;
  // Its log says when there is one.
  if (worktree === undefined) return { files: [], folders: [paths.events] };
  const ownDir = await gitDirOf(worktree.path);
  if (ownDir === undefined) return { files: [join(worktree.path, '.git')] };
  const shared = (await sharedDirOf(ownDir)) ?? resolve(ownDir, '../..');
  return { files: [join(ownDir, 'logs/HEAD'), join(shared, 'refs/heads', worktree.branch)] };
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
