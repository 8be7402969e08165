import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute } from 'node:path';
import { asOneError } from '../../kernel/base-errors.ts';
import { ifExists } from '../../kernel/errors.ts';
import { findProject, SAMOCODE_FILE } from '../../project/finding/find-project.ts';
import {
  type KnownProject,
  readKnownProjects,
  rememberProject,
  respondingProjects,
} from '../../project/finding/known-projects.ts';
import { type Project, type ProjectReading, readProject } from '../../project/finding/open-project.ts';
import { requirePlaces } from '../../project/finding/trust.ts';
import { PROJECT_ERRORS, type ProjectNotFound } from '../../project/git/project-errors.ts';
import { UNUSABLE } from '../../project/settings/resolve-settings.ts';
import { pathFromFile } from '../../project/settings/samocode-file.ts';
import type { CallSettings } from '../../project/settings/settings.ts';
import { ACTION_ERRORS } from '../errors/action-errors.ts';
import type { ActionContext } from './context.ts';

export interface ProjectQuestion {
  /** A folder in or below the project, or its `.samocode` itself; by default the client's folders are tried. */
  projectDir?: string;
  call?: CallSettings;
}

/**
 * Opens and checks the project that a call refers to: the one that it names, otherwise that of the client's folders,
 * otherwise that of the working folder. If none of them leads to a project and exactly one project is known on this
 * machine, uses that one and adds a warning.
 */
export async function findProjectFor(question: ProjectQuestion, context: ActionContext): Promise<Project> {
  const { file, project, problems } = await readProjectFor(question, context);
  if (file !== undefined) await requirePlaces(file, context.home);
  if (project === undefined) throw asOneError(problems, UNUSABLE);
  return project;
}

/**
 * Like `findProjectFor`, but returns problems with settings instead of throwing. `isGuessed`: the project was chosen only
 * because no other is known.
 */
export async function readProjectFor(
  question: ProjectQuestion,
  context: ActionContext,
): Promise<ProjectReading & { isGuessed: boolean }> {
  const { env, home: homeDir, clock } = context;
  const { filePath, isGuessed } = await findProjectFile(question.projectDir, context);
  const reading = { ...(await readProject({ filePath, env, homeDir, call: question.call })), isGuessed };
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

async function findProjectFile(
  projectDir: string | undefined,
  context: ActionContext,
): Promise<{ filePath: string; isGuessed: boolean }> {
  const folders = namedFolders(projectDir, context);
  let notFound: ProjectNotFound | undefined;
  for (const folder of folders.length > 0 ? folders : [context.cwd]) {
    const found = await projectAt(folder, context);
    if (typeof found === 'string') return { filePath: found, isGuessed: false };
    notFound ??= found;
  }
  // A folder in a repository, or one that was named, refers to its own project and no other.
  const hasLocation = folders.length > 0 || notFound?.args.repository !== undefined;
  const known = hasLocation ? [] : await knownProjectFiles(context.home);
  if (known.length > 1) throw ACTION_ERRORS.project_unclear({ files: known });
  if (known[0] === undefined) throw notFound;
  return { filePath: known[0], isGuessed: true };
}

/** The folders that the call or its client names, best first; empty if they name none. */
export function namedFolders(projectDir: string | undefined, context: ActionContext): string[] {
  if (projectDir?.trim()) return [namedFolder(projectDir, context)];
  const { roots = [], env } = context;
  const ofClient = env.CLAUDE_PROJECT_DIR;
  // A client without an open folder might report the root of the file system.
  const named = [...roots, ...(ofClient ? [ofClient] : [])].filter((folder) => dirname(folder) !== folder);
  return [...new Set(named)];
}

/** The `.samocode` for a path: in a folder above it, or of a known project whose repository contains it. */
export async function projectAt(
  place: string,
  { home: homeDir }: Pick<ActionContext, 'home'>,
): Promise<string | ProjectNotFound> {
  const isFile = (await ifExists(stat(place)))?.isFile() ?? false;
  if (isFile && basename(place) === SAMOCODE_FILE) return place;
  // Editors can pass any file in the project.
  const from = isFile ? dirname(place) : place;
  try {
    return await findProject({ from, homeDir });
  } catch (error) {
    if (!PROJECT_ERRORS.project_not_found.is(error)) throw error;
    return (await knownProjectOf(error.args.repository, homeDir)) ?? error;
  }
}

/** A known project whose `.samocode` is outside this repository but names it. */
async function knownProjectOf(repository: string | undefined, homeDir: string): Promise<string | undefined> {
  if (repository === undefined) return undefined;
  const ofIt = (await readKnownProjects(homeDir)).filter(({ mainRepo }) => mainRepo === repository);
  const files = await existingFiles(ofIt);
  if (files.length > 1) throw ACTION_ERRORS.project_unclear({ files });
  return files[0];
}

/** The existing `.samocode` files that were used on this machine and whose disks respond, most recently used first. */
export async function knownProjectFiles(homeDir: string): Promise<string[]> {
  return await existingFiles(await respondingProjects(homeDir));
}

async function existingFiles(known: readonly KnownProject[]): Promise<string[]> {
  const paths = known.map(({ filePath }) => filePath);
  const found = await Promise.all(paths.map((path) => ifExists(stat(path))));
  return paths.filter((_, index) => found[index]?.isFile());
}

/** Whether a text can be a path; 4096 is the usual system limit for its length. */
export function isPath(text: string): boolean {
  return !text.includes('\0') && text.length <= 4096;
}

type FolderContext = Pick<ActionContext, 'cwd' | 'home' | 'roots' | 'env'>;

/**
 * The absolute path of a folder that a call names. In the CLI, a relative path is resolved against the working folder;
 * in a client, against the client's only folder, because the server can run anywhere.
 */
export function namedFolder(given: string, context: FolderContext): string {
  const path = given.trim();
  if (!isPath(path)) throw ACTION_ERRORS.no_such_folder({ path, why: 'Not a valid path' });
  const isComplete = isAbsolute(path) || path === '~' || path.startsWith('~/');
  const folder = isComplete ? context.cwd : folderOf(path, context);
  return pathFromFile(path, { folder, homeDir: context.home });
}

function folderOf(path: string, { cwd, roots, env }: FolderContext): string {
  if (roots === undefined) return cwd;
  const folders = new Set([...roots, ...(env.CLAUDE_PROJECT_DIR ? [env.CLAUDE_PROJECT_DIR] : [])]);
  const [only] = folders;
  if (only === undefined || folders.size > 1) throw ACTION_ERRORS.relative_folder({ path });
  return only;
}
