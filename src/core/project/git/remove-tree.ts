import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ifExists } from '../../kernel/errors.ts';
import { crashPoint } from '../../kernel/fault-points.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { runCommand } from '../../kernel/processes/run-command.ts';
import { ALL_FILES_LIMIT_MS } from './git.ts';

/** Removes a folder with all its content, including unwritable folders. @throws the system error for what stays */
export async function removeTree(path: string): Promise<void> {
  if (statsAt(path) === undefined) return;
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    await runCommand('chmod', ['-R', 'u+rwX', '--', path], { timeoutMs: ALL_FILES_LIMIT_MS });
    await rm(path, { recursive: true, force: true });
  }
}

/**
 * Renames a folder before deleting it, so that it is never seen half deleted.
 * @param as the path that `clearAside` finds it by, if this call is interrupted
 * @returns its new path if something in it can't be deleted: a file of another user, or a locked one
 */
export async function removeAtOnce(path: string, as = path): Promise<string | undefined> {
  if (statsAt(path) === undefined) return undefined;
  const aside = asidePath(as);
  await ifExists(rename(path, aside));
  crashPoint('set-aside');
  return await removeTree(aside).then(
    () => undefined,
    () => aside,
  );
}

export function asidePath(path: string): string {
  return `${path}${ASIDE}${randomUUID().slice(0, 8)}`;
}

/** Deletes what interrupted calls renamed next to this path. */
export async function clearAside(path: string): Promise<void> {
  const above = dirname(path);
  for (const name of namesAt(above) ?? [])
    if (name.startsWith(`${basename(path)}${ASIDE}`))
      await removeTree(join(above, name)).catch(() => undefined);
}

const ASIDE = '.removing-';
