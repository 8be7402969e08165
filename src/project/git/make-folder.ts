import { mkdir, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import type { UndoList } from './undo-list.ts';

/** Makes a folder with those above it. @returns false when it is there */
export async function makeFolder(folder: string, undo: UndoList): Promise<boolean> {
  if (await ifExists(stat(folder))) return false;
  const first = await mkdir(folder, { recursive: true });
  if (!first) return false;
  // rmdir takes only empty folders, so nothing that somebody put there in the meantime is lost.
  undo.push(async () => {
    for (let path = folder; path.startsWith(first); path = dirname(path)) await rmdir(path);
  });
  return true;
}
