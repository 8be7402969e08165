import { readFileSync, readlinkSync } from 'node:fs';
import { orNothing } from '../errors.ts';
import { namesAt, realFolder } from '../files/path-stats.ts';

/**
 * The gits whose current folder is `folder` or below it, of this user as far as the system shows others no folders.
 * @returns their pids; undefined where the system has no /proc, so that it cannot be known
 */
export function gitsIn(folder: string, proc = '/proc'): number[] | undefined {
  const top = realFolder(folder);
  if (top === undefined || orNothing(() => readlinkSync(`${proc}/self/cwd`)) === undefined) return undefined;
  const pids = (namesAt(proc) ?? []).filter((name) => /^\d+$/.test(name));
  const found = pids.filter((pid) => {
    const name = orNothing(() => readFileSync(`${proc}/${pid}/comm`, 'utf8').trim());
    if (name === undefined || !/^git(?:-|$)/.test(name)) return false;
    const at = orNothing(() => readlinkSync(`${proc}/${pid}/cwd`));
    return at !== undefined && `${at}/`.startsWith(`${top}/`);
  });
  return found.map(Number);
}
