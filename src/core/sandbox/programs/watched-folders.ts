import type { SamocodeError } from '../../kernel/errors.ts';
import { type KnownProject, respondingProjects } from '../../project/finding/known-projects.ts';
import { PROJECT_ERRORS } from '../../project/finding/project-errors.ts';
import { requirePlaces } from '../../project/finding/trust.ts';
import { registeredSessions, type SupervisorPaths } from './supervisor-folder.ts';

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
  const known = await respondingProjects(home).catch(() => []);
  const watched = new Set<string>();
  const refused = new Map<string, RefusedFolder>();
  for (const project of known) {
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
