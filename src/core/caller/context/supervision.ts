import { dirname, join } from 'node:path';
import type { SamocodeError } from '../../kernel/errors.ts';
import { isOlder } from '../../kernel/versions.ts';
import { type KnownProject, readKnownProjects } from '../../project/finding/known-projects.ts';
import { requirePlaces } from '../../project/finding/trust.ts';
import { PROJECT_ERRORS } from '../../project/git/project-errors.ts';
import { writtenNow } from '../../project/settings/samocode-file.ts';
import { type WatchOver, watchOver } from '../../sandbox/programs/launch-supervisor.ts';
import {
  isOff,
  readPresence,
  registeredSessions,
  type SupervisorPaths,
  supervisorPaths,
} from '../../sandbox/programs/supervisor-folder.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { watchedPullRequest } from '../../session/pull-request.ts';
import { isLost, readSessionList } from '../../session/session-list.ts';
import { isContinuedBy, isForgotten } from '../../session/status.ts';
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
  const known = await readKnownProjects(home).catch(() => undefined);
  const files = known?.kind === 'read' ? known.projects.map(({ filePath }) => filePath) : [];
  const labels = await Promise.all(files.map((filePath) => writtenNow(filePath, 'INTAKE_LABEL')));
  return labels.some(Boolean);
}

function isWatched(view: SessionView, identity: string, { clock }: ActionContext): boolean {
  const { needsWorker, lease, paths, newer } = view;
  const { kind } = view.state.status;
  if (newer !== undefined || isLost(view) || isForgotten(paths, clock.now())) return false;
  const isOver = kind === 'done' || kind === 'stopped';
  const isDue = needsWorker || !isOver || watchedPullRequest(view.state) !== undefined;
  return isDue && isContinuedBy(lease, identity);
}

export function isUnfinished({ state: { status } }: SessionView): boolean {
  return status.kind !== 'done' && status.kind !== 'stopped';
}

/** Registered SESSIONS folders and those of known projects: SAMOCODE_SUPERVISOR=off prevents registration. */
export async function watchedFolders(
  paths: Pick<SupervisorPaths, 'registered'>,
  home: string,
): Promise<Set<string>> {
  return (await judgedFolders(paths, home)).watched;
}

export interface RefusedFolder {
  filePath: string;
  /** An act on this machine has registered it: its sessions are the person's. */
  isRegistered: boolean;
  error: SamocodeError;
}

/** `refused`: SESSIONS folders that are not watched before a person trusts the file that names them. */
export async function judgedFolders(
  paths: Pick<SupervisorPaths, 'registered'>,
  home: string,
): Promise<{ watched: Set<string>; refused: Map<string, RefusedFolder> }> {
  const registered = await registeredSessions(paths);
  const known = await readKnownProjects(home).catch(() => undefined);
  const watched = new Set<string>();
  const refused = new Map<string, RefusedFolder>();
  for (const project of known?.kind === 'read' ? known.projects : []) {
    const { filePath, sessions } = project;
    const error = await refusalOfSessions(project, home);
    if (error === undefined) watched.add(sessions);
    else refused.set(sessions, { filePath, error, isRegistered: registered.includes(sessions) });
  }
  for (const sessions of watched) refused.delete(sessions);
  for (const sessions of registered) if (!refused.has(sessions)) watched.add(sessions);
  return { watched, refused };
}

async function refusalOfSessions(project: KnownProject, home: string): Promise<SamocodeError | undefined> {
  const { filePath, mainRepo, sessions } = project;
  const named = { filePath, values: { mainRepo, sessions } };
  try {
    await requirePlaces(named, home, ['sessions']);
    return undefined;
  } catch (error) {
    if (!PROJECT_ERRORS.place_not_trusted.is(error)) throw error;
    return error;
  }
}
