import type { Hash } from 'node:crypto';
import { closeSync, fdatasync, fstatSync, fsync, ftruncateSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { BASE_ERRORS } from '../base-errors.ts';
import { openForAppend } from './append-lines.ts';
import { syncFolder, writeFully } from './atomic-file.ts';
import { newFingerprint } from './fingerprint.ts';
import { statsAt } from './path-stats.ts';

const PIECE_BYTES = 256 * 1024;
const CLOSED = -1;

const synced = promisify(fsync);
const datasynced = promisify(fdatasync);

/** A file that only grows and has one writer, who knows the length and the hash of what it has written. */
export class AppendOnlyFile implements Disposable {
  readonly #path: string;
  readonly #mayWrite: () => Promise<void>;
  /** Of the bytes that are ours. */
  readonly #hash: Hash;
  #descriptor: number;
  #size: number;
  #isTorn = false;
  #foreignBytes = 0;

  private constructor(path: string, descriptor: number, size: number, mayWrite: () => Promise<void>) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.#size = size;
    this.#mayWrite = mayWrite;
    this.#hash = hashOf(descriptor, size);
  }

  /**
   * Opens or makes the file and cuts it to `size` bytes.
   * @param mayWrite asked right before each change; its throw is handed on and nothing is changed
   */
  static async open(path: string, size: number, mayWrite: () => Promise<void>): Promise<AppendOnlyFile> {
    const descriptor = openForAppend(path);
    const file = new AppendOnlyFile(path, descriptor, size, mayWrite);
    try {
      file.#isTorn = true;
      await file.#cut();
      await synced(descriptor);
      // Its name may be as new as the file.
      if (size === 0) await syncFolder(dirname(path));
      return file;
    } catch (error) {
      file[Symbol.dispose]();
      throw error;
    }
  }

  /** Bytes that are ours. */
  get size(): number {
    return this.#size;
  }

  get descriptor(): number {
    return this.#descriptor;
  }

  /** By what the bytes that are ours are known. */
  get print(): string {
    return this.#hash.copy().digest('hex');
  }

  /** The same of the first `size` bytes alone, as they are on disk now. */
  printOf(size: number): string {
    return hashOf(this.#descriptor, size).digest('hex');
  }

  /** How many bytes that others had appended were cut off before a write. */
  get foreignBytes(): number {
    return this.#foreignBytes;
  }

  /**
   * Appends and waits until the bytes are on disk. What is behind ours is cut off first: half a line of a write that
   * failed, or what a writer before us wrote too late.
   * @throws the system error of a full disk; the file is cut back to what it was
   * @throws file_rewritten when the file under the name is not ours and these bytes
   */
  async append(bytes: Buffer): Promise<void> {
    await this.#cut();
    this.#isTorn = true;
    try {
      writeFully(this.#descriptor, bytes);
      await datasynced(this.#descriptor);
    } catch (error) {
      // What fails now is cut before the next write.
      await this.#cut().catch(() => undefined);
      throw error;
    }
    if (!this.#isNamed() || this.#sizeNow() !== this.#size + bytes.length) {
      // It may have grown in the hands of whoever may write now.
      await this.#mayWrite();
      throw BASE_ERRORS.file_rewritten({ path: this.#path });
    }
    this.#isTorn = false;
    this.#size += bytes.length;
    this.#hash.update(bytes);
  }

  /**
   * Reads the file and compares it with what we wrote.
   * @returns whether others have appended to it
   * @throws file_rewritten when bytes of ours are gone, or the file under the name is another one
   */
  hasMore(): boolean {
    if (!this.#isNamed() || this.printOf(this.#size) !== this.print)
      throw BASE_ERRORS.file_rewritten({ path: this.#path });
    return !this.#isTorn && this.#sizeNow() > this.#size;
  }

  [Symbol.dispose](): void {
    // Once only: the number may have been given to another file by then.
    if (this.#descriptor !== CLOSED) closeSync(this.#descriptor);
    this.#descriptor = CLOSED;
  }

  #sizeNow(): number {
    return fstatSync(this.#descriptor).size;
  }

  #isNamed(): boolean {
    const here = statsAt(this.#path);
    const own = fstatSync(this.#descriptor);
    return here?.ino === own.ino && here.dev === own.dev;
  }

  async #cut(): Promise<void> {
    await this.#mayWrite();
    const more = this.#sizeNow() - this.#size;
    if (more < 0) throw BASE_ERRORS.file_rewritten({ path: this.#path });
    if (more > 0) ftruncateSync(this.#descriptor, this.#size);
    if (more > 0 && !this.#isTorn) this.#foreignBytes += more;
    this.#isTorn = false;
  }
}

function hashOf(descriptor: number, size: number): Hash {
  const hash = newFingerprint();
  const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, size));
  for (let from = 0; from < size; ) {
    const bytesRead = readSync(descriptor, piece, 0, Math.min(piece.length, size - from), from);
    if (bytesRead === 0) break;
    hash.update(piece.subarray(0, bytesRead));
    from += bytesRead;
  }
  return hash;
}
