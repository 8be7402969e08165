import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { statsAt } from '../../src/core/kernel/files/path-stats.ts';

/** Left out of a checkout's bytes: what sessions add. */
const OURS = /^(?:_samocode|\.git\/(?:objects|worktrees|refs\/samocode|(?:logs\/)?refs\/heads\/(?!main$)))/;

/** Every file of a main checkout with its mode, time and bytes: also the index, HEAD and its reflog. */
export function bytesOfCheckout(top: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of readdirSync(top, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(top, path);
    const stats = statsAt(path);
    if (stats === undefined || stats.isDirectory() || OURS.test(name)) continue;
    const bytes = stats.isSymbolicLink() ? readlinkSync(path) : readFileSync(path, 'base64');
    files[name] = `${stats.mode.toString(8)} ${stats.mtimeMs} ${bytes}`;
  }
  return files;
}
