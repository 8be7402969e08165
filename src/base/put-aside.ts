import { randomBytes } from 'node:crypto';
import { lstat, rename } from 'node:fs/promises';
import { ifExists } from './errors.ts';

/**
 * Makes room where a file of ours must stand: a folder, or a file that is too large to be read, is moved
 * aside and not removed, since nobody has read it. Links and pipes hold nothing of their own and are left
 * for a rename to replace.
 * @returns where it was put; undefined when nothing had to be moved
 */
export async function putAside(path: string): Promise<string | undefined> {
  const stats = await ifExists(lstat(path));
  if (stats === undefined || !(stats.isDirectory() || stats.isFile())) return undefined;
  const aside = `${path}.aside-${randomBytes(4).toString('hex')}`;
  await rename(path, aside);
  return aside;
}
