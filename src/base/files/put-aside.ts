import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { statsAt } from './look-at.ts';

/**
 * Makes room where a file of ours must stand: a folder, or a file that is too large to be read, is moved
 * aside and not removed, since nobody has read it. Links and pipes hold nothing of their own and are left
 * for a rename to replace.
 * @returns where it was put; undefined when nothing had to be moved
 */
export function putAside(path: string): string | undefined {
  const stats = statsAt(path);
  if (stats === undefined || !(stats.isDirectory() || stats.isFile())) return undefined;
  const aside = `${path}.aside-${randomBytes(4).toString('hex')}`;
  renameSync(path, aside);
  return aside;
}
