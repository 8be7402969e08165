import { constants, realpathSync } from 'node:fs';
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path';
import { contains } from '../kernel/files/contains.ts';
import { mayAccess, statsAt } from '../kernel/files/path-stats.ts';

export interface HomePlaces {
  dir: string;
  /** The environment inside: its PATH, and where the CLIs keep their folders. */
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * The folders of PATH, as named and as they really are, without relative ones and those of another user, which `su` leaves
 * there.
 */
export function foldersOfPath({ env: { PATH = '' } }: HomePlaces): string[] {
  const folders = PATH.split(delimiter).filter((path) => isAbsolute(path) && mayAccess(path, constants.X_OK));
  return [...new Set(folders.flatMap((path) => [path, real(path)]))];
}

/** Folders of programs that are not their own prefix: they have the programs of everything in home. */
const SHARED = new Set(['.local', '.cargo', 'go']);

/**
 * Programs are often links to files beside their folder, or load them; shims (pyenv, asdf) start the manager's programs.
 */
export function prefixOf(folder: string, home: string): string {
  const above = dirname(folder);
  const name = basename(folder);
  const hasLibrary = /^s?bin$/.test(name) && ['lib', 'Cellar'].some((each) => statsAt(join(above, each)));
  const isOfModules = name === '.bin' && basename(above) === 'node_modules';
  const isPrefix = hasLibrary || isOfModules || name === 'shims' || name === 'condabin';
  const isShared = dirname(above) === home && SHARED.has(basename(above));
  return isPrefix && !isShared && !contains(above, home) ? above : folder;
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
