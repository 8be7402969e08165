import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { newFingerprint } from '../../../core/kernel/files/fingerprint.ts';
import { OutputEnd } from '../../../core/project/proving/project-command.ts';

const MAX_HEAD = 1024 * 1024;
const MAX_END = 256 * 1024;

/**
 * The output of a service, which can run for days: its beginning and its end in a file that can be read at any time.
 * Neither file nor memory grow beyond a few times `MAX_END` more than the beginning.
 */
export class ServiceOutput {
  readonly #descriptor: number;
  readonly #hash = newFingerprint();
  readonly #lines: OutputEnd;
  /** Of the end, as in the file. */
  #end: Uint8Array[] = [];
  #endBytes = 0;
  #bytes = 0;
  #size = 0;
  #isWritable = true;

  /** @param env of the service */
  constructor(path: string, env: Readonly<Record<string, string>>) {
    this.#lines = new OutputEnd(env);
    rmSync(path, { recursive: true, force: true });
    // Created exclusively, so that no link is followed.
    this.#descriptor = openSync(path, 'wx', 0o600);
  }

  get lastLines(): string {
    return this.#lines.lastLines;
  }

  get facts(): { outputBytes: number; outputHash: string } {
    return { outputBytes: this.#bytes, outputHash: this.#hash.copy().digest('hex') };
  }

  add(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#lines.add(chunk);
    const room = Math.max(0, MAX_HEAD - this.#bytes);
    this.#bytes += chunk.length;
    this.#write(chunk.subarray(0, room));
    if (chunk.length > room) this.#addToEnd(chunk.subarray(room));
  }

  close(): void {
    if (this.#isWritable) closeSync(this.#descriptor);
    this.#isWritable = false;
  }

  #addToEnd(chunk: Uint8Array): void {
    this.#end.push(chunk);
    this.#endBytes += chunk.length;
    if (this.#endBytes <= 2 * MAX_END) {
      this.#write(chunk);
      return;
    }
    const last = Buffer.concat(this.#end).subarray(-MAX_END);
    this.#end = [last];
    this.#endBytes = last.length;
    this.#cut();
    this.#write(Buffer.from(`\n… ${this.#bytes - MAX_HEAD - last.length} bytes left out …\n`));
    this.#write(last);
  }

  #cut(): void {
    if (!this.#isWritable) return;
    try {
      ftruncateSync(this.#descriptor, MAX_HEAD);
      this.#size = MAX_HEAD;
    } catch {
      this.close();
    }
  }

  // A full disk must end neither the service nor the worker, here and above.
  #write(bytes: Uint8Array): void {
    if (!this.#isWritable) return;
    try {
      for (let at = 0; at < bytes.length; ) {
        const written = writeSync(this.#descriptor, bytes, at, bytes.length - at, this.#size);
        at += written;
        this.#size += written;
      }
    } catch {
      this.close();
    }
  }
}
