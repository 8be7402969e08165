import { accessSync, lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { ifThere, orNothing, systemErrorCode } from '../errors.ts';
import { fileIdentity } from './fingerprint.ts';

/** The stats of a path, links not followed; undefined when it does not exist. */
export function statsAt(path: string): Stats | undefined {
  return ifThere(() => lstatSync(path, { throwIfNoEntry: false }));
}

/** The file identity of a path; empty when it does not exist. */
export function identityAt(path: string): string {
  const stats = statsAt(path);
  return stats === undefined ? '' : fileIdentity(stats);
}

/** The names in a folder, as the system returns them; undefined if it does not exist or is a symlink loop. */
export function namesAt(folder: string): string[] | undefined {
  try {
    return ifThere(() => readdirSync(folder));
  } catch (error) {
    if (systemErrorCode(error) !== 'ELOOP') throw error;
    return undefined;
  }
}

/** The plain files below a folder, by their paths relative to it; links are not followed. */
export function filesBelow(
  folder: string,
  isWanted = (_name: string): boolean => true,
  below = '',
): string[] {
  return (namesAt(join(folder, below)) ?? []).flatMap((inner) => {
    const name = below === '' ? inner : `${below}/${inner}`;
    const stats = isWanted(name) ? statsAt(join(folder, name)) : undefined;
    if (stats?.isDirectory()) return filesBelow(folder, isWanted, name);
    return stats?.isFile() ? [name] : [];
  });
}

/** Whether this user may access a path in `mode`, one of the constants of `node:fs`. */
export function mayAccess(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/**
 * The real path of an absolute path; undefined if it is not absolute, does not exist, or cannot be reached: settings and
 * environments of a person name any path, also one of another user.
 */
export function realFolder(path = ''): string | undefined {
  try {
    return isAbsolute(path) ? ifThere(() => realpathSync.native(path)) : undefined;
  } catch (error) {
    if (!/^(?:ELOOP|EACCES|EPERM|ENAMETOOLONG)$/.test(systemErrorCode(error) ?? '')) throw error;
    return undefined;
  }
}

/** The device of a path, or of the nearest folder above it that exists; undefined if its disk does not answer. */
export function deviceAt(path: string): number | undefined {
  for (let at = path; ; at = dirname(at)) {
    const found = orNothing(() => ({ stats: ifThere(() => statSync(at)) }));
    if (found === undefined || found.stats !== undefined || at === dirname(at)) return found?.stats?.dev;
  }
}

/** Whether this user may not reach an absolute path, or not enter the folder at it. */
export function isClosed(path: string): boolean {
  try {
    statSync(`${path}/.`);
    return false;
  } catch (error) {
    return /^(?:EACCES|EPERM)$/.test(systemErrorCode(error) ?? '');
  }
}
