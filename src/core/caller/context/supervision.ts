import { dirname, join } from 'node:path';
import { isOlder } from '../../kernel/versions.ts';
import { respondingProjects } from '../../project/finding/known-projects.ts';
import { writtenNow } from '../../project/settings/samocode-file.ts';
import { type WatchOver, watchOver } from '../../sandbox/programs/launch-supervisor.ts';
import {
  isOff,
  readPresence,
  supervisorPaths,
  watchedFolders,
} from '../../sandbox/programs/supervisor-folder.ts';
import { hasEnded } from '../../session/events/rest.ts';
import { isContinuedBy, isForgotten } from '../../session/folder/read-session.ts';
import { isLost, readSessionList } from '../../session/folder/session-list.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { watchedPullRequest } from '../../session/waits/pull-request.ts';
import type { ActionContext } from './context.ts';
import { isInsideSession } from './refuse-from-inside.ts';

/**
 * Ensures that a supervisor is running and has it check the sessions at once. Called at the end of every act on a
 * session; does nothing inside one.
 */
export async function supervise(context: ActionContext, sessionsDir?: string): Promise<WatchOver> {
  const { env, home, host, clock, programs } = context;
  if (isOff(env) || (await isInsideSession(context))) return { kind: 'off' };
  const program = supervisorProgram(programs);
  return await watchOver({ env, home, host, clock, program, sessionsDir });
}

export function supervisorProgram({ worker }: ActionContext['programs']): string {
  return join(dirname(worker), 'supervisor.cjs');
}

/**
 * Called by a server at its start and every minute: starts a supervisor if the machine has sessions or issues to
 * watch, and replaces one of an older version. Does nothing with `SAMOCODE_REVIVE=off`.
 */
export async function superviseIfUnfinished(context: ActionContext): Promise<void> {
  const { env, home, host } = context;
  if (env.SAMOCODE_REVIVE === 'off' || isOff(env)) return;
  const paths = supervisorPaths(home, host);
  const presence = await readPresence(paths, host);
  if (presence.kind === 'watching' && !isOlder(presence.about?.version ?? '', __VERSION__)) return;
  if (await isTakingIssues(home)) {
    await supervise(context);
    return;
  }
  for (const sessionsDir of await watchedFolders(paths, home)) {
    const views = await readSessionList(sessionsDir, host).catch(() => []);
    if (views.some((view) => isWatched(view, paths.identity, context))) {
      await supervise(context, sessionsDir);
      return;
    }
  }
}

async function isTakingIssues(home: string): Promise<boolean> {
  const known = await respondingProjects(home).catch(() => []);
  const labels = await Promise.all(known.map(({ filePath }) => writtenNow(filePath, 'INTAKE_LABEL')));
  return labels.some(Boolean);
}

function isWatched(view: SessionView, identity: string, { clock }: ActionContext): boolean {
  const { needsWorker, paths, otherBuild } = view;
  if (otherBuild !== undefined || isLost(view) || isForgotten(paths, clock.now())) return false;
  const isDue = needsWorker || isUnfinished(view) || watchedPullRequest(view.state) !== undefined;
  return isDue && isContinuedBy(view, identity);
}

export function isUnfinished({ state: { status } }: SessionView): boolean {
  return !hasEnded(status.kind);
}
