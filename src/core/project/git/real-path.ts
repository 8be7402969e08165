import { realpathSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { systemErrorCode } from '../../kernel/errors.ts';

/** The existing part of `path` with links resolved; the rest as written. */
export async function realPathAsFar(path: string): Promise<string> {
  try {
    return realpathSync.native(path);
  } catch (error) {
    const parent = resolve(path, '..');
    if (systemErrorCode(error) !== 'ENOENT' || parent === path) throw error;
    return resolve(await realPathAsFar(parent), path.slice(parent.length).replace(/^\/+/, ''));
  }
}

/** `path` relative to `folder`: '' for the folder itself, undefined outside. Both from `realPathAsFar`. */
export function pathInside(folder: string, path: string): string | undefined {
  const way = relative(folder, path);
  return way === '..' || way.startsWith(`..${sep}`) ? undefined : way;
}
