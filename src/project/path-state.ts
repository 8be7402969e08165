import { Buffer } from 'node:buffer';
import {
  accessSync,
  type BigIntStats,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';
import { systemErrorCode } from '../base/errors.ts';
import { pathAt } from './path-bytes.ts';

export type FileMode = '100644' | '100755' | '120000';

/** What stands at one path, as far as a checkpoint is concerned. */
export type PathState =
  /** Nothing, a folder, or something behind a link: no file of ours. */
  | { kind: 'none' }
  /** Too large, unreadable, or of a kind or name that git keeps of nobody. */
  | { kind: 'unfit' }
  | { kind: 'file'; mode: FileMode; sizeBytes: number; stamp: string; changedAtMs: number };

const READ_PLAIN = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export const MAX_FILE_BYTES = 50 * 1024 * 1024;

/** Looks at paths below one folder. Links are looked at, never followed: beyond them nothing is ours. */
export class PathStates {
  readonly #folder: string;
  readonly #hasModes: boolean;
  readonly #isLinked = new Map<string, boolean>();

  /** @param hasModes whether the mode of a file says that it can be run */
  constructor(folder: string, hasModes: boolean) {
    this.#folder = folder;
    this.#hasModes = hasModes;
  }

  // Not awaited one by one: a file costs some 15 µs so, and five times as much by promises.
  at(name: string): PathState {
    if (this.#leadsThroughLink(name)) return { kind: 'none' };
    const stats = this.#stats(name);
    if (stats === 'refused') return { kind: 'unfit' };
    if (stats === undefined || stats.isDirectory()) return { kind: 'none' };
    const isLink = stats.isSymbolicLink();
    if (!isKeepable(name, isLink) || (!isLink && !stats.isFile())) return { kind: 'unfit' };
    if (stats.size > MAX_FILE_BYTES) return { kind: 'unfit' };
    const mode = isLink ? '120000' : this.#hasModes && stats.mode & 0o100 ? '100755' : '100644';
    const stamp = `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs} ${mode}`;
    return { kind: 'file', mode, sizeBytes: stats.size, stamp, changedAtMs: stats.ctimeMs };
  }

  /** Whether git may read it; asked where its bytes are left to git. */
  isReadable(name: string, mode: FileMode): boolean {
    if (mode === '120000') return true;
    try {
      accessSync(pathAt(this.#folder, name), constants.R_OK);
      return true;
    } catch {
      return false;
    }
  }

  /** @returns undefined where the bytes can't be had */
  read(name: string, mode: FileMode): Buffer | undefined {
    const path = pathAt(this.#folder, name);
    try {
      // The kind of a file that stands there by now may be another: not to be waited for, nor to be followed.
      return mode === '120000' ? readlinkSync(path, { encoding: 'buffer' }) : readPlain(path);
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error;
      return undefined;
    }
  }

  #leadsThroughLink(name: string): boolean {
    const end = name.lastIndexOf('/');
    if (end === -1) return false;
    const parent = name.slice(0, end);
    const known = this.#isLinked.get(parent);
    if (known !== undefined) return known;
    const stats = this.#leadsThroughLink(parent) || this.#stats(parent);
    const found = typeof stats === 'object' ? stats.isSymbolicLink() : stats === true;
    this.#isLinked.set(parent, found);
    return found;
  }

  #stats(name: string): Stats | undefined | 'refused' {
    try {
      return lstatSync(pathAt(this.#folder, name), { throwIfNoEntry: false });
    } catch (error) {
      if (systemErrorCode(error) === 'ENOTDIR') return undefined;
      if (systemErrorCode(error) === 'EACCES') return 'refused';
      throw error;
    }
  }
}

/** Room for most files; what is larger is read into room of its own. */
const scratch = Buffer.allocUnsafe(256 * 1024);

// By hand, since readFileSync asks for the size once more and makes room for each: a third of its time.
function readPlain(path: string | Buffer): Buffer {
  const descriptor = openSync(path, READ_PLAIN);
  try {
    const length = readSync(descriptor, scratch, 0, scratch.length, 0);
    return length < scratch.length ? Buffer.from(scratch.subarray(0, length)) : readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** git takes no path into an index that could be mistaken for its own. */
function isKeepable(name: string, isLink: boolean): boolean {
  const parts = name.toLowerCase().split('/');
  return !parts.includes('.git') && !(isLink && parts.at(-1) === '.gitmodules');
}

/** Tells whether a file is still the same one, unchanged. */
export function identityOf(stats: BigIntStats | undefined): string {
  return stats === undefined ? 'none' : `${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}
