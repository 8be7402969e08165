import { mkdir, mkdtemp, readdir, readFile, rename, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { type Clock, systemClock } from '../../kernel/clock.ts';
import { ifExists } from '../../kernel/errors.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { realFolder, statsAt } from '../../kernel/files/path-stats.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import { pathInside } from '../git/real-path.ts';
import { removeTree } from '../git/remove-tree.ts';
import { copyInto, copyTree, isInside } from './copy-tree.ts';

export interface CacheQuestion {
  /** Contains one entry per state of the lock files. */
  cacheDir: string;
  cloneDir: string;
  folders: readonly string[];
  setup: string;
  /** PATH: another version of a program can produce different folders. */
  path: string;
}

/** Entries to keep; the least recently used is deleted first. */
const MAX_ENTRIES = 4;
const MADE = 'made.json';
const MAX_BYTES = 64 * 1024;

const Made = z.object({
  folders: z.array(z.string()),
  /** SETUP produced nothing else and need not run again. */
  isAll: z.boolean(),
});

const LOCK_FILES = [
  ...['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock', 'bun.lockb'],
  ...['uv.lock', 'poetry.lock', 'Pipfile.lock', 'requirements.txt', 'composer.lock', 'Gemfile.lock'],
  ...['Cargo.lock', 'go.sum', 'mix.lock', 'pubspec.lock', 'deno.lock', 'gradle.lockfile'],
];

function lockFilesBeside(top: string, folder: string): string[] {
  const above = join(top, dirname(folder));
  return LOCK_FILES.map((name) => join(above, name)).filter((path) => statsAt(path)?.isFile());
}

/** The key for the state of the lock files. @returns undefined if a folder has none: it would never expire */
export async function cacheKey({
  cloneDir,
  folders,
  setup,
  path,
}: CacheQuestion): Promise<string | undefined> {
  const parts: (string | Uint8Array)[] = ['v1', setup, path];
  for (const folder of folders) {
    const locks = lockFilesBeside(cloneDir, folder);
    if (locks.length === 0 || !(await isInside(cloneDir, join(cloneDir, dirname(folder))))) return undefined;
    for (const lock of locks)
      parts.push('\0', folder, '\0', lock.slice(cloneDir.length), '\0', await readFile(lock));
  }
  return folders.length === 0 ? undefined : fingerprint(...parts).slice(0, 32);
}

/** Copies what an earlier SETUP produced into the clone. @returns whether SETUP need not run */
export async function restoreCache(
  { cacheDir, cloneDir }: CacheQuestion,
  key: string,
  clock: Pick<Clock, 'now'> = systemClock,
): Promise<boolean> {
  const entry = join(cacheDir, key);
  const made = await plainJson(join(entry, MADE), MAX_BYTES, Made);
  if (made === undefined) return false;
  const now = clock.now() / 1000;
  await utimes(entry, now, now).catch(() => undefined);
  for (const [at, folder] of made.folders.entries()) {
    if (await copyInto(cloneDir, folder, join(entry, String(at)))) continue;
    // A partial copy is worse than none; another session may have removed the entry meanwhile.
    await removeTree(join(cloneDir, folder));
    return false;
  }
  return made.isAll;
}

/** Saves what SETUP produced, before anything can change it. A failure only costs the next SETUP its time. */
export async function storeCache(
  { cacheDir, cloneDir, folders }: CacheQuestion,
  key: string,
  isAll: boolean,
): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  const draft = await mkdtemp(join(cacheDir, '.draft-'));
  const made = folders.filter((folder) => statsAt(join(cloneDir, folder))?.isDirectory());
  for (const [at, folder] of made.entries()) {
    if (await copyTree(join(cloneDir, folder), join(draft, String(at)))) continue;
    await removeTree(draft);
    return;
  }
  await writeFile(join(draft, MADE), JSON.stringify({ folders: made, isAll }));
  await removeTree(join(cacheDir, key));
  await rename(draft, join(cacheDir, key)).catch(() => removeTree(draft));
  await dropOldest(cacheDir, MAX_ENTRIES);
}

/** Deletes the least recently used entries. */
export async function dropOldest(cacheDir: string, most: number): Promise<void> {
  const names = (await ifExists(readdir(cacheDir))) ?? [];
  const aged = names.map((name) => ({ name, usedAt: statsAt(join(cacheDir, name))?.mtimeMs ?? 0 }));
  aged.sort((one, other) => other.usedAt - one.usedAt);
  for (const { name } of aged.slice(most)) await removeTree(join(cacheDir, name));
}

/** Where checks run on clones: next to the worktrees, on the same disk, and read-only for agents in the guard. */
export function checksRoot(worktreesDir: string): string {
  return join(worktreesDir, '.checks');
}

/**
 * Like `checksRoot`, without a guard that hides the parent folders: outside home, if neither the temporary folder
 * nor one of its parents is world-writable.
 */
export function openChecksRoot(worktreesDir: string, { HOME = '', TMPDIR = '' }: NodeJS.ProcessEnv): string {
  const own = checksRoot(worktreesDir);
  const [home, temporary, worktrees] = [HOME, TMPDIR, worktreesDir].map(realFolder);
  if (!home || !temporary || !worktrees || pathInside(home, worktrees) === undefined) return own;
  for (let folder = temporary; folder !== dirname(folder); folder = dirname(folder))
    if (folder === home || ((statsAt(folder)?.mode ?? 0) & 0o002) !== 0) return own;
  return join(temporary, 'samocode-checks');
}

/** SETUP results of base commits, shared by all sessions with their worktrees here. */
export function setupCacheDir(worktreesDir: string): string {
  return join(checksRoot(worktreesDir), '.cache');
}
