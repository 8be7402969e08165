import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { newFingerprint } from '../../kernel/files/fingerprint.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';

/** An output can be a gigabyte, and that of a service can grow for days. */
const BOUNDS = { head: 16 * 1024 * 1024, end: 1024 * 1024 };

/**
 * The output of one command: its beginning and its end in a file that can be read at any time, and the fingerprint of
 * all of it. Neither file nor memory grow beyond a few times `end` more than the beginning.
 */
export class OutputFile implements Disposable {
  readonly #descriptor: number;
  readonly #bounds: typeof BOUNDS;
  readonly #hash = newFingerprint();
  #bytes = 0;
  /** Of the end, as in the file. */
  #end: Uint8Array[] = [];
  #endBytes = 0;
  #size = 0;
  #isWritable = true;

  constructor(path: string, bounds = BOUNDS) {
    this.#bounds = bounds;
    makeFolder(dirname(path));
    rmSync(path, { recursive: true, force: true });
    // Created exclusively, so that no link is followed.
    this.#descriptor = openSync(path, 'wx', 0o600);
  }

  get facts(): { outputBytes: number; outputHash: string } {
    return { outputBytes: this.#bytes, outputHash: this.#hash.copy().digest('hex') };
  }

  add(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    const room = Math.max(0, this.#bounds.head - this.#bytes);
    this.#bytes += chunk.length;
    this.#write(chunk.subarray(0, room));
    if (chunk.length > room) this.#addToEnd(chunk.subarray(room));
  }

  [Symbol.dispose](): void {
    if (this.#isWritable) closeSync(this.#descriptor);
    this.#isWritable = false;
  }

  #addToEnd(chunk: Uint8Array): void {
    const { head, end } = this.#bounds;
    this.#end.push(chunk);
    this.#endBytes += chunk.length;
    if (this.#endBytes <= 2 * end) {
      this.#write(chunk);
      return;
    }
    const last = Buffer.concat(this.#end).subarray(-end);
    this.#end = [last];
    this.#endBytes = last.length;
    this.#unlessDiskFails(() => ftruncateSync(this.#descriptor, head));
    this.#size = head;
    this.#write(Buffer.from(`\n… ${this.#bytes - head - last.length} bytes left out …\n`));
    this.#write(last);
  }

  #write(bytes: Uint8Array): void {
    this.#unlessDiskFails(() => {
      for (let at = 0; at < bytes.length; ) {
        const written = writeSync(this.#descriptor, bytes, at, bytes.length - at, this.#size);
        at += written;
        this.#size += written;
      }
    });
  }

  /** A full disk must end neither the command nor the worker. */
  #unlessDiskFails(work: () => void): void {
    if (!this.#isWritable) return;
    try {
      work();
    } catch {
      this[Symbol.dispose]();
    }
  }
}
