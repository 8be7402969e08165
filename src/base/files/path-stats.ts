import { accessSync, lstatSync, readdirSync, realpathSync, type Stats } from 'node:fs';
import { isAbsolute } from 'node:path';
import { ifThere, systemErrorCode } from '../errors.ts';
import { fileIdentity } from './fingerprint.ts';

/** What stands at a path, links not followed; undefined when nothing does. */
export function statsAt(path: string): Stats | undefined {
  return ifThere(() => lstatSync(path, { throwIfNoEntry: false }));
}

/** Which state of a file is there; empty when the file is missing. */
export function identityAt(path: string): string {
  const stats = statsAt(path);
  return stats === undefined ? '' : fileIdentity(stats);
}

/** The names in a folder, as the system gives them; undefined when there is none, as behind a circle of links. */
export function namesAt(folder: string): string[] | undefined {
  try {
    return ifThere(() => readdirSync(folder));
  } catch (error) {
    if (systemErrorCode(error) !== 'ELOOP') throw error;
    return undefined;
  }
}

/** Whether this user may do to a file or folder what `mode` says: one of the constants of `node:fs`. */
export function mayAccess(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** The folder or file that an absolute path leads to, without links; undefined where there is none. */
export function realFolder(path = ''): string | undefined {
  return isAbsolute(path) ? ifThere(() => realpathSync.native(path)) : undefined;
}
