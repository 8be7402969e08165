import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ifExists } from '../base/errors.ts';
import { runGit } from './git.ts';
import type { GitContext } from './repository.ts';
import { SettingsMemory } from './settings-memory.ts';

/** The settings, hooks and rules of a repository as they stood before a child could write to them. */
export const GitSettings = z.object({
  /** SHA-256 by absolute path; a link counts by where it points. */
  files: z.record(z.string(), z.string()),
  /** Names of the filters (LFS, git-crypt) that the person had set up. */
  filters: z.array(z.string()),
});
export type GitSettings = z.infer<typeof GitSettings>;

export interface GitFolders {
  /** The git folder that all worktrees share. */
  commonDir: string;
  /** The worktree, whose `.git` file says where its own git folder is; absent before it is made. */
  worktreePath?: string;
}

/**
 * Reads what git would obey, by plain reads for the fingerprints. Nothing of it is executed.
 * @param memory of whoever looks again and again; git is asked only when something has changed
 */
export async function readGitSettings(
  folders: GitFolders,
  context: GitContext,
  memory = new SettingsMemory(),
): Promise<GitSettings> {
  const files: Record<string, string> = {};
  for (const path of await settingFiles(folders)) {
    const print = await fingerprint(path);
    if (print) files[path] = print;
  }
  const names = await memory.names(files, context, () => settingNames(folders, context));
  return { files, filters: filtersAmong(names) };
}

/** Files that were changed, added or removed, sorted. */
export function changedGitSettings(before: GitSettings, after: GitSettings): string[] {
  const paths = new Set([...Object.keys(before.files), ...Object.keys(after.files)]);
  return [...paths].filter((path) => before.files[path] !== after.files[path]).sort();
}

/** For `runGit`'s `config`: switches off the filters that were not there at the start, for they are programs. */
export function withoutNewFilters(before: GitSettings, after: GitSettings): string[] {
  return after.filters
    .filter((name) => !before.filters.includes(name) && !name.includes('='))
    .flatMap((name) =>
      ['clean=', 'smudge=', 'process=', 'required=false'].map((end) => `filter.${name}.${end}`),
    );
}

async function settingFiles({ commonDir, worktreePath }: GitFolders): Promise<string[]> {
  const gitDirs = [commonDir];
  const files: string[] = [];
  if (worktreePath !== undefined) {
    files.push(join(worktreePath, '.git'));
    const pointer = await ifExists(readFile(join(worktreePath, '.git'), 'utf8').catch(nothingIfFolder));
    const gitDir = /^gitdir: (.+)$/m.exec(pointer ?? '')?.[1];
    if (gitDir) {
      gitDirs.push(gitDir);
      files.push(join(gitDir, 'commondir'), join(gitDir, 'gitdir'));
    }
  }
  for (const gitDir of gitDirs) {
    files.push(join(gitDir, 'config'), join(gitDir, 'config.worktree'));
    for (const folder of ['hooks', 'info']) files.push(...(await filesIn(join(gitDir, folder))));
  }
  return files;
}

/** Written by git itself in ordinary work. */
const ORDINARY = new Set(['refs', 'sparse-checkout']);

async function filesIn(folder: string): Promise<string[]> {
  const names = (await ifExists(readdir(folder))) ?? [];
  return [folder, ...names.filter((name) => !ORDINARY.has(name)).map((name) => join(folder, name))];
}

async function fingerprint(path: string): Promise<string | undefined> {
  const found = await ifExists(lstat(path));
  if (!found) return undefined;
  if (found.isSymbolicLink()) return `link to ${await readlink(path)}`;
  if (found.isDirectory()) return 'folder';
  if (!found.isFile()) return 'neither file nor folder';
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** All settings that hold in the repository, also by way of files that they include. */
async function settingNames({ commonDir, worktreePath }: GitFolders, context: GitContext): Promise<string[]> {
  const list = ['config', '--list', '--includes', '--name-only', '-z'];
  const { stdout } = await runGit(list, { ...context, cwd: worktreePath ?? commonDir, allowFailure: true });
  return stdout.split('\0').filter(Boolean);
}

function filtersAmong(names: readonly string[]): string[] {
  const filters = names.flatMap((name) => /^filter\.(.+)\.\w+$/s.exec(name)?.[1] ?? []);
  return [...new Set(filters)].sort();
}

function nothingIfFolder(error: NodeJS.ErrnoException): string {
  if (error.code === 'EISDIR') return '';
  throw error;
}
