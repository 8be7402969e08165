import { closeSync, fstatSync, readSync } from 'node:fs';
import type { Provider } from '../../agents/contract/provider.ts';
import { Tally } from '../../agents/reading/tally.ts';
import { type Line, LineSplitter } from '../../kernel/files/lines.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { openPlainFile } from '../../kernel/files/plain-file.ts';
import { stderrFileName } from '../../session/documents/documents.ts';

const PIECE_BYTES = 256 * 1024;
/** A longer line is not an event of any CLI and is skipped. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
/** What one call reads at most, so that commands are taken meanwhile; the next calls read the rest. */
const MAX_AT_ONCE_BYTES = 16 * 1024 * 1024;
const LF = 0x0a;
const SPACE = 0x20;
const OPENING_BRACE = 0x7b;

/** Reads a running agent's stdout file in pieces as it grows, with constant memory. */
export class ChildLog implements Disposable {
  readonly #path: string;
  readonly #reader: ReturnType<Provider['newReader']>;
  readonly #piece = Buffer.alloc(PIECE_BYTES);
  readonly #lines = new LineSplitter({ maxLineBytes: MAX_LINE_BYTES });
  #descriptor: number | undefined;

  readonly seen = new Tally();

  constructor(path: string, provider: Provider) {
    this.#path = path;
    this.#reader = provider.newReader();
  }

  /** The size of all output so far, even if the agent has deleted its log. */
  get printedBytes(): number {
    const sizeOf = (path: string) => statsAt(path)?.size ?? 0;
    return Math.max(sizeOf(this.#path), this.#read) + sizeOf(stderrFileName(this.#path));
  }

  /** When the newest of it was written; 0 if that is unknown. */
  get printedAt(): number {
    return statsAt(this.#path)?.mtimeMs ?? 0;
  }

  get #read(): number {
    return this.#lines.offset;
  }

  /**
   * Reads what follows the last call, up to a limit. Nothing is passed over: an agent that another worker began, or that
   * prints fast, is counted whole.
   * @returns the bytes read
   */
  readOn(): number {
    const descriptor = this.#opened();
    if (descriptor === undefined) return 0;
    let total = 0;
    while (total < MAX_AT_ONCE_BYTES) {
      const bytesRead = readSync(descriptor, this.#piece, 0, PIECE_BYTES, this.#read);
      if (bytesRead === 0) break;
      total += bytesRead;
      for (const line of this.#lines.take(this.#piece.subarray(0, bytesRead))) this.#readLine(line);
    }
    return total;
  }

  /** Reads to the current end of the file, including a last line without LF; an escaped process might keep writing. */
  readToEnd(): void {
    const descriptor = this.#opened();
    const size = descriptor === undefined ? 0 : fstatSync(descriptor).size;
    while (this.#read < size && this.readOn() > 0);
    for (const line of this.#lines.end()) this.#readLine(line);
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** Anything but the original log file is ignored. */
  #opened(): number | undefined {
    if (this.#descriptor === undefined) {
      const opened = openPlainFile(this.#path);
      if (opened.kind === 'opened') this.#descriptor = opened.descriptor;
    }
    return this.#descriptor;
  }

  // Events of every CLI are JSON objects: other lines are not even decoded.
  #readLine({ bytes }: Line): void {
    if (bytes === undefined || bytes.length === 0) return;
    const first = bytes[0] ?? LF;
    if (first > SPACE && first !== OPENING_BRACE) return;
    for (const event of this.#reader.readLine(bytes.toString('utf8'))) this.seen.note(event);
  }
}
