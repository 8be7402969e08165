import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { watchSessions } from '../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findSessionAndPlace } from '../../../core/caller/context/find-session.ts';
import { paramsProblem } from '../../../core/faces/mcp/on-request.ts';
import { gitDirOf, sharedDirOf } from '../../../core/kernel/files/git-pointer.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { parseDocumentName } from '../../../core/session/documents/documents.ts';
import { needsHuman } from '../../../core/session/folder/session-list.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { type Watched, watchFiles } from '../../../core/session/folder/watch.ts';
import { type SessionPaths, sessionPaths } from '../../../core/session/layout/paths.ts';
import { readLog } from '../../../core/session/log/event-log.ts';
import { parseResourceUri, RESOURCE_KINDS, type SessionAddress } from './kinds.ts';
import { isLive } from './session-rows.ts';
import type { Follow } from './subscriptions.ts';

/** @throws InvalidParamsError when there is no such resource or session */
export async function followResource(uri: string, context: ActionContext): Promise<Follow> {
  const { clock } = context;
  const address = parseResourceUri(uri);
  if (address.kind === 'sessions')
    return followSessions(context, (view) => [view.paths.runDir, view.state.n, needsHuman(view)].join(' '));
  try {
    const { view, place } = await findSessionAndPlace({ ...address, isWholeName: true }, context);
    // Called at each poll.
    const locate = () => filesOf(address.kind, place.sessionsDir, view.folder);
    return (signal) => watchFiles(locate, { clock, signal });
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

/** Follows the list of live sessions: yields when a session enters or leaves it. */
export function followList(context: ActionContext): Follow {
  return followSessions(context, (view) => (isLive(view) ? view.paths.runDir : undefined));
}

/** Yields at first, and whenever something else is said of the sessions that are not archived. */
function followSessions(context: ActionContext, said: (view: SessionView) => string | undefined): Follow {
  return async function* (signal) {
    let before: string | undefined;
    for await (const sessions of watchSessions({ reach: 'readable', signal }, context)) {
      const now = sessions
        .flatMap(({ view }) => said(view) ?? [])
        .sort()
        .join('\n');
      if (now !== before) yield now;
      before = now;
    }
  };
}
