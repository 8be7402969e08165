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
import { openForAppend } from './append-lines.ts';
import { syncFolder, writeFully, writeWhole } from './atomic-file.ts';
import { ifThere, SamocodeError } from './errors.ts';
import { statsAt } from './look-at.ts';

/** What somebody else did to a file that only we write. */
export interface Tampering {
  what: 'replaced' | 'appended' | 'truncated' | 'rewritten';
  detail: string;
}

/** Up to this size all bytes are kept in memory, so that they can be put back. */
const MAX_COPY_BYTES = 64 * 1024 * 1024;
const PIECE_BYTES = 256 * 1024;
const MAX_TRIES = 3;
const CLOSED = -1;

const synced = promisify(fsync);
const datasynced = promisify(fdatasync);

class FileDamagedError extends SamocodeError {
  readonly code = 'file_damaged';

  constructor(path: string, { what, detail }: Tampering) {
    super(
      `Nothing was written to ${path}.`,
      `Somebody else has ${what} it (${detail}), and it is too large to be put back.`,
      'Put it back from a backup.',
    );
  }
}

/**
 * A file that only grows and has one writer. It knows its bytes: what anybody else does to it is found,
 * told and undone.
 */
export class GuardedFile implements Disposable {
  readonly #path: string;
  readonly #mayWrite: () => Promise<void>;
  #descriptor: number;
  #copy: Buffer | undefined;
  #size: number;
  #print = '';
  #isTorn = false;

  private constructor(path: string, descriptor: number, size: number, mayWrite: () => Promise<void>) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.#size = size;
    this.#mayWrite = mayWrite;
  }

  /**
   * Opens or makes the file and cuts it to `size` bytes.
   * @param mayWrite asked right before each change; its throw is handed on and nothing is changed
   */
  static async open(path: string, size: number, mayWrite: () => Promise<void>): Promise<GuardedFile> {
    const descriptor = openForAppend(path);
    const file = new GuardedFile(path, descriptor, size, mayWrite);
    try {
      await file.#cut();
      await synced(descriptor);
      // Its name may be as new as the file.
      if (size === 0) await syncFolder(dirname(path));
      if (size <= MAX_COPY_BYTES) file.#copy = readBytes(descriptor, size);
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

  /**
   * Appends and waits until the bytes are on disk.
   * @returns what else was written at the same moment, taken out again
   * @throws the system error of a full disk; the file is cut back to what it was
   */
  async append(bytes: Buffer): Promise<Tampering | undefined> {
    let foreign: Tampering | undefined;
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
      const grown = Number(this.#stat().size) - this.#size - bytes.length;
      if (grown === 0 || attempt === MAX_TRIES) break;
      foreign = { what: 'appended', detail: `${grown} foreign bytes were removed` };
    }
    this.#isTorn = false;
    this.#keep(bytes);
    this.#print = fingerprint(this.#stat());
    return foreign;
  }

  /**
   * Compares the file with what we wrote and puts it back.
   * @param options.thorough every byte; else only when its identity, size or change time differ
   */
  async look({ thorough }: { thorough: boolean }): Promise<Tampering | undefined> {
    if (this.#isTorn) await this.#cut();
    const here = ifThere(() => lstatSync(this.#path, { bigint: true }));
    const own = this.#stat();
    if (here === undefined || here.ino !== own.ino || here.dev !== own.dev)
      return await this.#putBack({ what: 'replaced', detail: 'another file or none was under its name' });
    if (!thorough && fingerprint(own) === this.#print) return undefined;
    const grown = Number(own.size) - this.#size;
    if (grown < 0) return await this.#putBack({ what: 'truncated', detail: `${-grown} bytes were cut off` });
    if (!this.#isIntact())
      return await this.#putBack({ what: 'rewritten', detail: 'it differed from what was written' });
    if (grown > 0) await this.#cut();
    this.#print = fingerprint(this.#stat());
    return grown > 0 ? { what: 'appended', detail: `${grown} foreign bytes were removed` } : undefined;
  }

  [Symbol.dispose](): void {
    // Once only: the number may have been given to another file by then.
    if (this.#descriptor !== CLOSED) closeSync(this.#descriptor);
    this.#descriptor = CLOSED;
  }

  #stat() {
    return fstatSync(this.#descriptor, { bigint: true });
  }

  async #cut(): Promise<void> {
    await this.#mayWrite();
    if (this.#stat().size > this.#size) ftruncateSync(this.#descriptor, this.#size);
    this.#isTorn = false;
    this.#print = fingerprint(this.#stat());
  }

  #keep(bytes: Buffer): void {
    const size = this.#size + bytes.length;
    if (this.#copy && size > MAX_COPY_BYTES) this.#copy = undefined;
    if (this.#copy && size > this.#copy.length) {
      const larger = Buffer.alloc(Math.min(2 * size, MAX_COPY_BYTES));
      this.#copy.copy(larger);
      this.#copy = larger;
    }
    if (this.#copy) bytes.copy(this.#copy, this.#size);
    this.#size = size;
  }

  #isIntact(): boolean {
    if (this.#copy === undefined) return true;
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, this.#size));
    for (let from = 0; from < this.#size; from += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, this.#size - from);
      const bytesRead = readSync(this.#descriptor, piece, 0, length, from);
      if (!piece.subarray(0, bytesRead).equals(this.#copy.subarray(from, from + length))) return false;
    }
    return true;
  }

  async #putBack(tampering: Tampering): Promise<Tampering> {
    if (this.#copy === undefined) throw new FileDamagedError(this.#path, tampering);
    await this.#mayWrite();
    mkdirSync(dirname(this.#path), { recursive: true });
    const stats = statsAt(this.#path);
    // rename() replaces anything but a folder.
    if (stats?.isDirectory()) rmSync(this.#path, { recursive: true, force: true });
    await writeWhole(this.#path, this.#copy.subarray(0, this.#size));
    const descriptor = openForAppend(this.#path);
    closeSync(this.#descriptor);
    this.#descriptor = descriptor;
    this.#print = fingerprint(this.#stat());
    return tampering;
  }
}

function readBytes(descriptor: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const bytesRead = readSync(descriptor, bytes, 0, length, 0);
  return bytes.subarray(0, bytesRead);
}

function fingerprint(stats: { ino: bigint; size: bigint; ctimeNs: bigint }): string {
  return `${stats.ino}:${stats.size}:${stats.ctimeNs}`;
}
