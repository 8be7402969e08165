import { accessSync, constants, lstatSync } from 'node:fs';
import { systemErrorCode } from '../../kernel/errors.ts';
import { pathAt } from '../git/path-bytes.ts';

export type PathState =
  /** Missing, a folder, or reached through a link: not a file of ours. */
  | { kind: 'none' }
  /** Too large, unreadable, or of a kind or name that git never stores. */
  | { kind: 'unfit' }
  | { kind: 'file'; sizeBytes: number };

export const MAX_FILE_BYTES = 50 * 1024 * 1024;

const NONE: PathState = { kind: 'none' };
const UNFIT: PathState = { kind: 'unfit' };

/** Reads the states of paths below a folder, without following links. */
export function pathStates(folder: string): (name: string) => PathState {
  const links = new Map<string, boolean>();
  const isBehindLink = (name: string): boolean => {
    const parent = name.slice(0, Math.max(0, name.lastIndexOf('/')));
    if (parent === '') return false;
    const known = links.get(parent);
    if (known !== undefined) return known;
    const found = isBehindLink(parent) || lstatSync(pathAt(folder, parent)).isSymbolicLink();
    links.set(parent, found);
    return found;
  };
  // Synchronous: 15 µs for each file, five times as much with promises.
  return (name) => {
    try {
      return isBehindLink(name) ? NONE : stateAt(pathAt(folder, name), name);
    } catch (error) {
      return ABSENT.includes(systemErrorCode(error) ?? '') ? NONE : UNFIT;
    }
  };
}

const ABSENT = ['ENOENT', 'ENOTDIR'];

function stateAt(path: string | Buffer, name: string): PathState {
  const stats = lstatSync(path);
  if (stats.isDirectory()) return NONE;
  const isLink = stats.isSymbolicLink();
  if (isNameOfGit(name, isLink) || !(isLink || stats.isFile()) || stats.size > MAX_FILE_BYTES) return UNFIT;
  if (!isLink) accessSync(path, constants.R_OK);
  return { kind: 'file', sizeBytes: stats.size };
}

/** git refuses paths that could be mistaken for its own. */
function isNameOfGit(name: string, isLink: boolean): boolean {
  const parts = name.toLowerCase().split('/');
  return parts.includes('.git') || (isLink && parts.at(-1) === '.gitmodules');
}

export interface NewFile {
  name: string;
  sizeBytes: number;
}

/**
 * More new files than this are unlikely to be an agent's work: they are unignored dependencies, data or build output.
 */
const MAX_FILES = 5_000;
const MAX_BYTES = 500 * 1024 * 1024;

export function areTooMany(files: readonly NewFile[]): boolean {
  return files.length > MAX_FILES || files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) > MAX_BYTES;
}

/** The deepest folders, each with its slash, that alone exceed the bounds on new files; '' is the top. */
export function foldersBeyondBounds(files: readonly NewFile[], below = ''): string[] {
  if (!areTooMany(files)) return [];
  const byFolder = new Map<string, NewFile[]>();
  const rest: NewFile[] = [];
  for (const file of files) {
    const end = file.name.indexOf('/', below.length) + 1;
    const folder = file.name.slice(0, end);
    const inside = end === 0 ? rest : (byFolder.get(folder) ?? []);
    inside.push(file);
    if (end > 0) byFolder.set(folder, inside);
  }
  const found: string[] = [];
  for (const [folder, inside] of byFolder) {
    const deeper = foldersBeyondBounds(inside, folder);
    found.push(...deeper);
    if (deeper.length === 0) for (const file of inside) rest.push(file);
  }
  return areTooMany(rest) ? [below] : found;
}
