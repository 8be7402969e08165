import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { systemErrorCode } from '../base/errors.ts';
import { gitDirOf } from '../base/git-pointer.ts';
import { namesAt } from '../base/look-at.ts';
import { allSettings, programsAmong } from './all-settings.ts';
import { Setting, undoChanged } from './git-programs.ts';
import type { GitContext } from './repository.ts';
import { SettingsMemory } from './settings-memory.ts';

/** The settings, hooks and rules of a repository as they stood before a child could write to them. */
export const GitSettings = z.object({
  /** SHA-256 by absolute path; a link counts by where it points. */
  files: z.record(z.string(), z.string()),
  /** Settings of the repository by which git would start a program: LFS, a helper for passwords. */
  programs: z.array(Setting).optional(),
});
export type GitSettings = z.infer<typeof GitSettings>;

/** The largest record of them that is read. */
export const MAX_SETTINGS_BYTES = 16 * 1024 * 1024;

/** The settings as they stand, with what the person and the machine add. */
export interface SettingsNow extends GitSettings {
  programs: Setting[];
  outside: Setting[];
}

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
): Promise<SettingsNow> {
  const files: Record<string, string> = {};
  for (const path of await settingFiles(folders)) {
    const print = fingerprint(path);
    if (print) files[path] = print;
  }
  const places = [
    ...(folders.worktreePath === undefined ? [] : [folders.worktreePath]),
    // The main checkout may have settings that hold in no other worktree.
    ...(folders.worktreePath === undefined || files[join(folders.commonDir, 'config.worktree')]
      ? [folders.commonDir]
      : []),
  ];
  const settings = await memory.settings(files, context, async () =>
    (await Promise.all(places.map((place) => allSettings(place, context)))).flat(),
  );
  const { repository, outside } = programsAmong(settings);
  return { files, programs: [...repository], outside: [...outside] };
}

/** Files that were changed, added or removed, sorted. */
export function changedGitSettings(before: GitSettings, after: GitSettings): string[] {
  const paths = new Set([...Object.keys(before.files), ...Object.keys(after.files)]);
  return [...paths].filter((path) => before.files[path] !== after.files[path]).sort();
}

/** For `runGit`'s `config`: nothing is started that was not there at the start, and what was there goes on. */
export function withoutNewPrograms(
  before: GitSettings,
  { programs, outside }: SettingsNow,
  env: GitContext['baseEnv'],
): Setting[] {
  return undoChanged(before.programs ?? [], { repository: programs, outside }, env);
}

async function settingFiles({ commonDir, worktreePath }: GitFolders): Promise<string[]> {
  const gitDirs = [commonDir];
  const files: string[] = [];
  if (worktreePath !== undefined) {
    files.push(join(worktreePath, '.git'));
    const gitDir = await gitDirOf(worktreePath);
    if (gitDir) {
      gitDirs.push(gitDir);
      files.push(join(gitDir, 'commondir'), join(gitDir, 'gitdir'));
    }
  }
  for (const gitDir of gitDirs) {
    files.push(join(gitDir, 'config'), join(gitDir, 'config.worktree'));
    for (const folder of ['hooks', 'info']) files.push(...filesIn(join(gitDir, folder)));
  }
  return files;
}

/** Written by git itself in ordinary work. */
const ORDINARY = new Set(['refs', 'sparse-checkout']);

function filesIn(folder: string): string[] {
  const names = namesAt(folder) ?? [];
  return [folder, ...names.filter((name) => !ORDINARY.has(name)).map((name) => join(folder, name))];
}

// Dozens of small files on the machine's own disk, after every child: waiting for each would cost ten times as much.
function fingerprint(path: string): string | undefined {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) return undefined;
    if (found.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
    if (found.isDirectory()) return 'folder';
    if (!found.isFile()) return 'neither file nor folder';
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
