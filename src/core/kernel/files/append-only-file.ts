import type { Hash } from 'node:crypto';
import { closeSync, fdatasync, fstatSync, ftruncateSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { BASE_ERRORS } from '../base-errors.ts';
import { noteSync } from '../effects.ts';
import { openForAppend } from './append-lines.ts';
import { syncFolder, writeFully } from './atomic-file.ts';
import { newFingerprint } from './fingerprint.ts';
import { statsAt } from './path-stats.ts';

const PIECE_BYTES = 256 * 1024;
const CLOSED = -1;

const datasynced = promisify(fdatasync);

/** An append-only file with one writer that keeps the length and the hash of what it wrote. */
export class AppendOnlyFile implements Disposable {
  readonly #path: string;
  readonly #mayWrite: () => Promise<void>;
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
    this.#hash = hashOfOpen(descriptor, size);
  }

  /**
   * Opens or creates the file and truncates it to `size` bytes.
   * @param mayWrite called before each change; if it throws, nothing is changed
   */
  static async open(path: string, size: number, mayWrite: () => Promise<void>): Promise<AppendOnlyFile> {
    const descriptor = openForAppend(path);
    const file = new AppendOnlyFile(path, descriptor, size, mayWrite);
    try {
      file.#isTorn = true;
      await file.#cut();
      // The first append makes older bytes durable too, but not a new directory entry.
      if (size === 0) await syncFolder(dirname(path));
      return file;
    } catch (error) {
      file[Symbol.dispose]();
      throw error;
    }
  }

  get size(): number {
    return this.#size;
  }

  get descriptor(): number {
    return this.#descriptor;
  }

  /** The fingerprint of the bytes we wrote. */
  get print(): string {
    return this.#hash.copy().digest('hex');
  }

  /** The fingerprint of the first `size` bytes, as they are on disk now. */
  printOf(size: number): string {
    return hashOfOpen(this.#descriptor, size).digest('hex');
  }

  /** The number of bytes appended by others that were cut off before our writes. */
  get foreignBytes(): number {
    return this.#foreignBytes;
  }

  /**
   * Appends and, unless the bytes may be lost, waits until they are on disk. Anything after our bytes is cut off first:
   * half a line of a failed write, or a late write by the previous writer.
   */
  async append(bytes: Buffer, { mayBeLost = false } = {}): Promise<void> {
    await this.#cut();
    this.#isTorn = true;
    try {
      writeFully(this.#descriptor, bytes);
      if (!mayBeLost) await this.#sync();
    } catch (error) {
      // If this fails too, the next write cuts it.
      await this.#cut().catch(() => undefined);
      throw error;
    }
    const more = this.#sizeNow() - this.#size - bytes.length;
    // A new owner may have written to it.
    if (!this.#isNamed() || more !== 0) await this.#mayWrite();
    // What another program has appended meanwhile comes after our bytes, and never counts.
    if (!this.#isNamed() || more < 0 || !this.#holds(bytes))
      throw BASE_ERRORS.file_rewritten({ path: this.#path });
    this.#isTorn = false;
    this.#size += bytes.length;
    this.#hash.update(bytes);
  }

  /**
   * Reads the file and compares it with what we wrote.
   * @returns whether others have appended to it
   */
  hasMore(): boolean {
    if (!this.#isNamed() || this.printOf(this.#size) !== this.print)
      throw BASE_ERRORS.file_rewritten({ path: this.#path });
    return !this.#isTorn && this.#sizeNow() > this.#size;
  }

  [Symbol.dispose](): void {
    // Only once: the descriptor may have been reused.
    if (this.#descriptor !== CLOSED) closeSync(this.#descriptor);
    this.#descriptor = CLOSED;
  }

  #holds(bytes: Buffer): boolean {
    const written = Buffer.alloc(bytes.length);
    readSync(this.#descriptor, written, 0, written.length, this.#size);
    return written.equals(bytes);
  }

  async #sync(): Promise<void> {
    await datasynced(this.#descriptor);
    noteSync(this.#path);
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

/** The hash of the first bytes of an open file, or of all, read by pieces. */
export function hashOfOpen(descriptor: number, size = Number.POSITIVE_INFINITY): Hash {
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
