import type { Hash } from 'node:crypto';
import {
  closeSync,
  fdatasync,
  fstatSync,
  fsync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  readSync,
  rmSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { BASE_ERRORS } from '../base-errors.ts';
import { ifThere } from '../errors.ts';
import { openForAppend } from './append-lines.ts';
import { syncFolder, writeFully, writeWhole } from './atomic-file.ts';
import { fileIdentity, newFingerprint } from './fingerprint.ts';
import { statsAt } from './look-at.ts';

/** What somebody else did to a file that only we write. */
export interface ForeignChange {
  what: 'replaced' | 'appended';
  detail: string;
}

const PIECE_BYTES = 256 * 1024;
const MAX_TRIES = 3;
const CLOSED = -1;

const synced = promisify(fsync);
const datasynced = promisify(fdatasync);

/** A file that only grows and has one writer, who goes on where it stopped and finds what anybody else did to it. */
export class AppendOnlyFile implements Disposable {
  readonly #path: string;
  readonly #mayWrite: () => Promise<void>;
  /** Of the bytes that are ours. */
  readonly #hash: Hash;
  #descriptor: number;
  #size: number;
  #seen = '';
  #isTorn = false;

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

  /** The same of the first `size` bytes alone, as they stand on disk now. */
  printOf(size: number): string {
    return hashOf(this.#descriptor, size).digest('hex');
  }

  /**
   * Appends and waits until the bytes are on disk.
   * @returns what else was written at the same moment, taken out again
   * @throws the system error of a full disk; the file is cut back to what it was
   */
  async append(bytes: Buffer): Promise<ForeignChange | undefined> {
    let foreign: ForeignChange | undefined;
    for (let attempt = 1; ; attempt += 1) {
      await (this.#isTorn ? this.#cut() : this.#mayWrite());
      this.#isTorn = true;
      try {
        writeFully(this.#descriptor, bytes);
        await datasynced(this.#descriptor);
      } catch (error) {
        // Half a line must not stay in front of the next whole one; what fails now is cut before the next write.
        await this.#cut().catch(() => undefined);
        throw error;
      }
      const grown = this.#stat().size - this.#size - bytes.length;
      if (grown === 0 || attempt === MAX_TRIES) break;
      foreign = appended(grown);
    }
    this.#isTorn = false;
    this.#size += bytes.length;
    this.#hash.update(bytes);
    this.#seen = fileIdentity(this.#stat());
    return foreign;
  }

  /**
   * Compares the file with what we wrote. Foreign bytes behind ours are cut off, as a torn line is; a file that lost its
   * name gets it back: its bytes are still in our hands. Else no reader would learn anything more from its writer.
   * @throws file_rewritten when bytes of ours are gone
   */
  async look(): Promise<ForeignChange | undefined> {
    if (this.#isTorn) await this.#cut();
    const here = ifThere(() => lstatSync(this.#path));
    const own = this.#stat();
    const isReplaced = here === undefined || here.ino !== own.ino || here.dev !== own.dev;
    if (!isReplaced && fileIdentity(own) === this.#seen) return undefined;
    if (this.printOf(this.#size) !== this.print) throw BASE_ERRORS.file_rewritten({ path: this.#path });
    const grown = own.size - this.#size;
    if (isReplaced) await this.#nameAgain();
    else if (grown > 0) await this.#cut();
    this.#seen = fileIdentity(this.#stat());
    if (isReplaced) return { what: 'replaced', detail: 'another file or none was under its name' };
    return grown > 0 ? appended(grown) : undefined;
  }

  [Symbol.dispose](): void {
    // Once only: the number may have been given to another file by then.
    if (this.#descriptor !== CLOSED) closeSync(this.#descriptor);
    this.#descriptor = CLOSED;
  }

  #stat() {
    return fstatSync(this.#descriptor);
  }

  async #cut(): Promise<void> {
    await this.#mayWrite();
    if (this.#stat().size > this.#size) ftruncateSync(this.#descriptor, this.#size);
    this.#isTorn = false;
    this.#seen = fileIdentity(this.#stat());
  }

  async #nameAgain(): Promise<void> {
    await this.#mayWrite();
    const bytes = Buffer.alloc(this.#size);
    readSync(this.#descriptor, bytes, 0, bytes.length, 0);
    mkdirSync(dirname(this.#path), { recursive: true });
    // rename() replaces anything but a folder.
    if (statsAt(this.#path)?.isDirectory()) rmSync(this.#path, { recursive: true, force: true });
    await writeWhole(this.#path, bytes);
    const descriptor = openForAppend(this.#path);
    closeSync(this.#descriptor);
    this.#descriptor = descriptor;
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

function appended(bytes: number): ForeignChange {
  return { what: 'appended', detail: `${bytes} foreign bytes were removed` };
}
