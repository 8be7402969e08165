import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { ifExists } from '../../kernel/errors.ts';
import { gitDirOf, sharedDirOf } from '../../kernel/files/git-pointer.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { pathInside, realPathAsFar } from '../git/real-path.ts';
import { parseSamocodeFile, pathFromFile } from '../settings/samocode-file.ts';
import { PROJECT_ERRORS, type ProjectNotFound } from './project-errors.ts';

export const SAMOCODE_FILE = '.samocode';

export interface ProjectSearch {
  from: string;
  homeDir: string;
}

/**
 * The `.samocode` file for a folder: searched upwards to the repository's root or the home folder. Above the root, only
 * a file that names this repository counts (one folder with repository, sessions and worktrees in it). A linked
 * worktree uses the file of its main checkout, not its own copy.
 * @returns the file's absolute path, or the error that names the folder without one
 */
export async function findProject({ from, homeDir }: ProjectSearch): Promise<string | ProjectNotFound> {
  const start = await realPathAsFar(resolve(from));
  const home = await realPathAsFar(homeDir);
  const inside = await foldersToSearch(start, home);
  for (const folder of inside) {
    const file = await samocodeIn(folder);
    if (file) return file;
  }
  const others: string[] = [];
  const root = inside.at(-1) ?? start;
  const isRepository = (await gitEntry(root)) !== undefined;
  if (isRepository) {
    for (const folder of upwards(dirname(root), home)) {
      const file = await samocodeIn(folder);
      if (file && (await namesPlace(file, homeDir, root))) return file;
      if (file) others.push(file);
    }
  }
  const isFolder = (await ifExists(stat(start))) !== undefined;
  const repository = isRepository ? root : undefined;
  return PROJECT_ERRORS.project_not_found({ searched: inside, others, isFolder, repository });
}

/** From `start` to the root of its repository; without one, to home or the root folder. */
async function foldersToSearch(start: string, home: string): Promise<string[]> {
  const folders: string[] = [];
  for (const folder of upwards(start, home)) {
    folders.push(folder);
    const git = await gitEntry(folder);
    if (!git) continue;
    const main = git === 'file' ? await mainCheckoutOf(folder) : undefined;
    return main ? upwards(join(main, relative(folder, start)), main) : folders;
  }
  return folders;
}

function upwards(start: string, last: string): string[] {
  const folders = [start];
  for (let folder = start; folder !== last && dirname(folder) !== folder; ) {
    folder = dirname(folder);
    folders.push(folder);
  }
  return folders;
}

async function gitEntry(folder: string): Promise<'folder' | 'file' | undefined> {
  const found = await ifExists(stat(join(folder, '.git')));
  if (!found) return undefined;
  return found.isDirectory() ? 'folder' : 'file';
}

/** Follows a linked worktree's `.git` file to the main checkout; undefined for a submodule or a bare repository. */
export async function mainCheckoutOf(folder: string): Promise<string | undefined> {
  const gitDir = await gitDirOf(folder);
  const commonDir = gitDir === undefined ? undefined : await sharedDirOf(gitDir);
  if (commonDir === undefined || basename(commonDir) !== '.git') return undefined;
  return await ifExists(realpath(dirname(commonDir)));
}

/** The nearest folder from here upwards with an entry `.git`. */
export function repositoryAround(folder: string): string | undefined {
  return repositoriesAround(folder)[0];
}

/** All of them, the nearest first. */
export function repositoriesAround(folder: string): string[] {
  return upwards(folder, '/').filter((at) => statsAt(join(at, '.git')) !== undefined);
}

async function samocodeIn(folder: string): Promise<string | undefined> {
  const path = join(folder, SAMOCODE_FILE);
  const [file, around] = await Promise.all([ifExists(stat(path)), ifExists(stat(folder))]);
  if (!file?.isFile()) return undefined;
  // In a world-writable folder such as /tmp, another user could plant a project.
  const isStrangers =
    around !== undefined &&
    (around.mode & 0o002) !== 0 &&
    ![around.uid, process.getuid?.()].includes(file.uid);
  return isStrangers ? undefined : path;
}

async function namesPlace(file: string, homeDir: string, place: string): Promise<boolean> {
  const { entries } = parseSamocodeFile(await readFile(file, 'utf8'));
  for (const { key, value } of entries) {
    if (!['MAIN_REPO', 'WORKTREES', 'SESSIONS'].includes(key) || value === '') continue;
    const named = await realPathAsFar(pathFromFile(value, { folder: dirname(file), homeDir }));
    if (pathInside(named, place) !== undefined) return true;
  }
  return false;
}
