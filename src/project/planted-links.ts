import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { namesAt, statsAt } from '../base/look-at.ts';

/** Takes a symbolic link away; anything else stays. */
export function removeLink(path: string): void {
  if (statsAt(path)?.isSymbolicLink()) rmSync(path, { force: true });
}

/** Takes away all symbolic links in a folder of git in which git itself makes none. */
export function removeLinksBelow(folder: string): void {
  const stats = statsAt(folder);
  if (stats?.isSymbolicLink()) rmSync(folder, { force: true });
  if (!stats?.isDirectory()) return;
  for (const name of namesAt(folder) ?? []) removeLinksBelow(join(folder, name));
}
