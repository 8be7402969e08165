import { mkdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { runCommand } from '../../kernel/processes/run-command.ts';
import { pathInside } from '../git/real-path.ts';

const COPY_LIMIT_MS = 10 * 60_000;

/** Copy-on-write where the disk supports it. */
const SHARED_BLOCKS =
  process.platform === 'darwin' ? ['-c'] : process.platform === 'linux' ? ['--reflink=auto'] : [];

/** Copies a file or folder, links as links. @returns whether all of it was copied */
export async function copyTree(from: string, to: string, signal?: AbortSignal): Promise<boolean> {
  const copy = (how: readonly string[]) =>
    runCommand('cp', ['-R', '-p', '-P', ...how, from, to], { timeoutMs: COPY_LIMIT_MS, signal });
  const { exitCode } = await copy(SHARED_BLOCKS);
  if (exitCode === 0) return true;
  signal?.throwIfAborted();
  // For a Mac disk without copy-on-write, or a minimal `cp` without that option.
  return SHARED_BLOCKS.length > 0 && statsAt(to) === undefined && (await copy([])).exitCode === 0;
}

/**
 * Copies `from` to `name` in a clone. Files of the commit stay, and no link out of the clone is followed.
 * @returns whether it is there afterwards
 */
export async function copyInto(
  cloneDir: string,
  name: string,
  from: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const to = join(cloneDir, name);
  if (statsAt(to) !== undefined) return true;
  if (statsAt(from) === undefined || !(await isInside(cloneDir, dirname(to)))) return false;
  await mkdir(dirname(to), { recursive: true });
  return await copyTree(from, to, signal);
}

/** Whether a folder, or its nearest existing parent, is really inside the clone. */
export async function isInside(cloneDir: string, folder: string): Promise<boolean> {
  let there = folder;
  while (statsAt(there) === undefined && there !== dirname(there)) there = dirname(there);
  try {
    return pathInside(await realpath(cloneDir), await realpath(there)) !== undefined;
  } catch {
    return false;
  }
}
