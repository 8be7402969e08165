import { join } from 'node:path';
import { asOneError } from '../../kernel/base-errors.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import { rememberProject } from '../../project/finding/known-projects.ts';
import { type Project, type ProjectReading, readProject } from '../../project/finding/open-project.ts';
import { requireOwnPlaces } from '../../project/finding/own-places.ts';
import { makePlace } from '../../project/finding/project-place.ts';
import { requirePlaces } from '../../project/finding/trust.ts';
import { pathInside } from '../../project/git/real-path.ts';
import { UNUSABLE } from '../../project/settings/resolve-settings.ts';
import type { CallSettings } from '../../project/settings/settings.ts';
import { Arrived, Places } from '../../session/events/bodies/positions.ts';
import { atPlaces } from '../../session/events/bodies/session-file.ts';
import { sessionFolders } from '../../session/folder/session-list.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import { readLog } from '../../session/log/event-log.ts';
import { ACTION_ERRORS } from '../errors/action-errors.ts';
import type { ActionContext } from './context.ts';
import { whichProjects } from './which-projects.ts';

export interface ProjectQuestion {
  /** A folder in or below the project, or its `.samocode` itself; by default the client's folders are tried. */
  projectDir?: string;
  call?: CallSettings;
}

/**
 * Opens and checks the one project that a call refers to: the one that it names, otherwise that of the client's folders,
 * otherwise that of the working folder. If none of them leads to a project and exactly one project is known on this
 * machine, uses that one and adds a warning.
 */
export async function findProjectFor(question: ProjectQuestion, context: ActionContext): Promise<Project> {
  const { file, project, problems } = await readProjectFor(question, context);
  if (file !== undefined) await requirePlaces(file, context.home);
  if (project === undefined) throw asOneError(problems, UNUSABLE);
  await requirePlacesOf(project, context);
  return project;
}

/**
 * Makes the folders that no file names.
 * @throws place_not_ours
 */
export async function requirePlacesOf(
  { mainRepo, values: { worktrees, sessions }, readings, place }: Project,
  { env: baseEnv, home }: Pick<ActionContext, 'env' | 'home'>,
): Promise<void> {
  // As it is written: a link in a work tree is what is asked for.
  const written = String(readings.get('SESSIONS')?.value ?? sessions);
  await requireOwnPlaces({ mainRepo, worktrees, sessions: written }, { baseEnv });
  if (place?.movedFrom !== undefined) await followRepository(place.movedFrom, mainRepo, sessions);
  if (place !== undefined) await makePlace(place, home, { baseEnv });
}

/** The sessions of a repository that was moved name it by its path: the next worker of each records the new one. */
async function followRepository(from: string, mainRepo: string, sessionsDir: string): Promise<void> {
  const follow = (_: string, value: unknown) => {
    const inside = typeof value === 'string' ? pathInside(from, value) : undefined;
    return inside === undefined ? value : join(mainRepo, inside);
  };
  for (const folder of await sessionFolders(sessionsDir)) {
    const paths = sessionPaths(sessionsDir, folder);
    const state = (await readLog(paths))?.state;
    if (state?.file === undefined) continue;
    const file = atPlaces(state.file, paths, (await plainJson(paths.arrived, Arrived)) ?? state.places);
    if (file.mainRepo !== from) continue;
    const worktreePath = state.worktree?.path ?? join(file.worktreesDir, folder);
    const text = JSON.stringify(Places.parse({ ...file, worktreePath }), follow);
    await writeWhole(paths.arrived, `${text}\n`);
  }
}

/** Like `findProjectFor`, but returns problems with settings instead of throwing. */
export async function readProjectFor(
  { projectDir, call }: ProjectQuestion,
  context: ActionContext,
): Promise<ProjectReading> {
  const { env, home: homeDir, clock } = context;
  const { own, notFound, isNamed, others } = await whichProjects(projectDir, context);
  // A folder in a repository, or one that was named, refers to its own project and no other.
  const isGuessed = own.length === 0 && !isNamed && notFound?.args.repository === undefined;
  const files = isGuessed ? await others() : own;
  if (files.length > 1) throw ACTION_ERRORS.project_unclear({ files });
  const [filePath] = files;
  if (filePath === undefined) throw notFound;
  const reading = await readProject({ filePath, env, homeDir, call });
  const { project } = reading;
  if (project === undefined) return reading;
  const { mainRepo, values } = project;
  // Only a convenience: an unwritable home folder must not prevent anything.
  await rememberProject({ filePath, mainRepo, sessions: values.sessions }, { homeDir, clock }).catch(
    () => {},
  );
  if (!isGuessed) return reading;
  const text = `No folder was given, so this is about ${mainRepo}, the only project known on this machine.`;
  return { ...reading, project: { ...project, warnings: [...project.warnings, { path: filePath, text }] } };
}
