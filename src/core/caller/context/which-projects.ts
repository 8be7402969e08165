import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute } from 'node:path';
import { ifExists } from '../../kernel/errors.ts';
import { findProject, SAMOCODE_FILE } from '../../project/finding/find-project.ts';
import { respondingProjects } from '../../project/finding/known-projects.ts';
import type { ProjectNotFound } from '../../project/finding/project-errors.ts';
import { pathFromFile } from '../../project/settings/samocode-file.ts';
import { ACTION_ERRORS } from '../errors/action-errors.ts';
import type { ActionContext } from './context.ts';

type CallContext = Pick<ActionContext, 'cwd' | 'home' | 'roots' | 'env'>;

/** The projects that a call can be about, by their `.samocode` files. */
export interface WhichProjects {
  /**
   * Those of the folder that the call names; otherwise those of the client's folders, best first; otherwise that of the
   * working folder.
   */
  own: readonly string[];
  /** Of the first of these folders that is in no project. */
  notFound: ProjectNotFound | undefined;
  /** The call or its client names a folder. */
  isNamed: boolean;
  /** The other projects of this machine; none if the call names a folder. Their disks are read only when this is called. */
  others(): Promise<string[]>;
}

export async function whichProjects(
  projectDir: string | undefined,
  context: CallContext,
): Promise<WhichProjects> {
  const { folders, isNamed } = foldersOfCall(projectDir, context);
  const found = await Promise.all(folders.map((folder) => projectsAt(folder, context.home)));
  const own = [...new Set(found.flatMap(({ files }) => files))];
  return {
    own,
    notFound: found.find(({ files }) => files.length === 0)?.notFound,
    isNamed,
    async others() {
      if (projectDir?.trim()) return [];
      return (await knownProjectFiles(context.home)).filter((path) => !own.includes(path));
    },
  };
}

/** The folder that the call names; otherwise those that its client names, best first; otherwise the working folder. */
export function foldersOfCall(
  projectDir: string | undefined,
  context: CallContext,
): { folders: string[]; isNamed: boolean } {
  if (projectDir?.trim()) return { folders: [namedFolder(projectDir, context)], isNamed: true };
  // A client without an open folder might report the root of the file system.
  const ofClient = clientFolders(context).filter((folder) => dirname(folder) !== folder);
  const isNamed = ofClient.length > 0;
  return { folders: isNamed ? ofClient : [context.cwd], isNamed };
}

function clientFolders({ roots, env: { CLAUDE_PROJECT_DIR: ofClaude } }: CallContext): string[] {
  // In a terminal the working folder counts: the variable may be that of a client around it.
  if (roots === undefined) return [];
  return [...new Set([...roots, ...(ofClaude ? [ofClaude] : [])])];
}

/**
 * The `.samocode` for a path: in a folder above it, or of the known projects that are elsewhere and name the repository
 * around it.
 */
async function projectsAt(
  place: string,
  homeDir: string,
): Promise<{ files: string[]; notFound?: ProjectNotFound }> {
  const isFile = (await ifExists(stat(place)))?.isFile() ?? false;
  if (isFile && basename(place) === SAMOCODE_FILE) return { files: [place] };
  // Editors can pass any file in the project.
  const found = await findProject({ from: isFile ? dirname(place) : place, homeDir });
  if (typeof found === 'string') return { files: [found] };
  const { repository } = found.args;
  const files = repository === undefined ? [] : await knownProjectFiles(homeDir, repository);
  return { files, notFound: found };
}

/** The existing `.samocode` files that were used on this machine and whose disks respond, most recently used first. */
async function knownProjectFiles(homeDir: string, repository?: string): Promise<string[]> {
  const paths = (await respondingProjects(homeDir, repository)).map(({ filePath }) => filePath);
  const found = await Promise.all(paths.map((path) => ifExists(stat(path))));
  return paths.filter((_, index) => found[index]?.isFile());
}

/** Whether a text can be a path; 4096 is the usual system limit for its length. */
export function isPath(text: string): boolean {
  return !text.includes('\0') && text.length <= 4096;
}

/**
 * The absolute path of a folder that a call names. In the CLI, a relative path is resolved against the working folder;
 * in a client, against the client's only folder, because the server can run anywhere.
 */
export function namedFolder(given: string, context: CallContext): string {
  const path = given.trim();
  if (!isPath(path)) throw ACTION_ERRORS.no_such_folder({ path, why: 'Not a valid path' });
  const isComplete = isAbsolute(path) || path === '~' || path.startsWith('~/');
  const folder = isComplete ? context.cwd : folderOf(path, context);
  return pathFromFile(path, { folder, homeDir: context.home });
}

function folderOf(path: string, context: CallContext): string {
  if (context.roots === undefined) return context.cwd;
  const [only, ...others] = clientFolders(context);
  if (only === undefined || others.length > 0) throw ACTION_ERRORS.relative_folder({ path });
  return only;
}
