import { realpathSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { systemErrorCode } from '../../base/errors.ts';

/** The part of `path` that exists, links resolved; the rest as it was written. */
export async function realPathAsFar(path: string): Promise<string> {
  try {
    return realpathSync.native(path);
  } catch (error) {
    const parent = resolve(path, '..');
    if (systemErrorCode(error) !== 'ENOENT' || parent === path) throw error;
    return resolve(await realPathAsFar(parent), path.slice(parent.length).replace(/^\/+/, ''));
  }
}

/** Where `path` lies below `folder`: '' for the folder itself, undefined outside. Both as `realPathAsFar` gives them. */
export function pathInside(folder: string, path: string): string | undefined {
  const way = relative(folder, path);
  return way === '..' || way.startsWith(`..${sep}`) ? undefined : way;
}
