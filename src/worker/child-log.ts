import { closeSync, fstatSync, readSync } from 'node:fs';
import { openPlainFile } from '../base/plain-file.ts';
import type { FinalReport, Provider } from '../providers/provider.ts';
import { Tally } from '../providers/tally.ts';

const PIECE_BYTES = 256 * 1024;
/** A longer line is no event of any CLI; it is passed over without being kept. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
/** More than this between two looks is passed over, but for its end. */
const MOST_AT_ONCE_BYTES = 16 * 1024 * 1024;
const TAIL_BYTES = 4 * 1024 * 1024;
const LF = 0x0a;
const SPACE = 0x20;
const OPENING_BRACE = 0x7b;

/** Reads a running child's stdout file as it grows, in pieces: memory stays flat whatever is printed. */
export class ChildLog implements Disposable {
  readonly #path: string;
  readonly #reader: ReturnType<Provider['newReader']>;
  readonly #piece = Buffer.alloc(PIECE_BYTES);
  #descriptor: number | undefined;
  #offset = 0;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #skipping = false;

  /** What its lines have told so far. */
  readonly seen = new Tally();

  constructor(path: string, provider: Provider) {
    this.#path = path;
    this.#reader = provider.newReader();
  }

  /** What the child does now. */
  get activity(): string | undefined {
    return this.seen.activity;
  }

  /** The last final report; absent while it runs. */
  get final(): FinalReport | undefined {
    return this.seen.final;
  }

  get bytes(): number {
    return this.#offset;
  }

  /**
   * Reads what was appended since the last call. A child that prints faster than anybody reads is read
   * at its newest end: what is passed over can't be its last word.
   * @returns the bytes read
   */
  readOn(): number {
    const descriptor = this.#opened();
    if (descriptor === undefined) return 0;
    this.#passOver(descriptor);
    let total = 0;
    while (total < MOST_AT_ONCE_BYTES) {
      const bytesRead = readSync(descriptor, this.#piece, 0, PIECE_BYTES, this.#offset);
      if (bytesRead === 0) break;
      this.#offset += bytesRead;
      total += bytesRead;
      this.#take(this.#piece.subarray(0, bytesRead));
    }
    return total;
  }

  /**
   * Reads to where the file ends now, a last line without LF included. What a process that got away goes on writing
   * has no end.
   */
  readToEnd(): void {
    const descriptor = this.#opened();
    const size = descriptor === undefined ? 0 : fstatSync(descriptor).size;
    while (this.#offset < size && this.readOn() > 0);
    this.#endLine();
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** Whatever else the child puts under the log's name has told us nothing. */
  #opened(): number | undefined {
    if (this.#descriptor === undefined) {
      const opened = openPlainFile(this.#path);
      if (opened.kind === 'opened') this.#descriptor = opened.descriptor;
    }
    return this.#descriptor;
  }

  #passOver(descriptor: number): void {
    const { size } = fstatSync(descriptor);
    if (size - this.#offset <= MOST_AT_ONCE_BYTES) return;
    this.#offset = size - TAIL_BYTES;
    this.#rest = [];
    this.#restBytes = 0;
    // The jump ends within a line, whose second half is no line.
    this.#skipping = true;
  }

  #take(bytes: Buffer): void {
    let from = 0;
    for (let lf = bytes.indexOf(LF); lf !== -1; lf = bytes.indexOf(LF, from)) {
      this.#keepLine(bytes.subarray(from, lf));
      from = lf + 1;
    }
    this.#keep(bytes.subarray(from));
  }

  /** A whole line, or the end of one; what lies whole in a piece is read where it lies. */
  #keepLine(bytes: Buffer): void {
    if (this.#restBytes === 0 && !this.#skipping) this.#readLine(bytes);
    else {
      this.#keep(bytes);
      this.#endLine();
    }
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0 || this.#skipping) return;
    if (this.#restBytes + bytes.length > MAX_LINE_BYTES) {
      this.#rest = [];
      this.#restBytes = 0;
      this.#skipping = true;
      return;
    }
    // The piece is read into again, so a part of a line must be copied.
    this.#rest.push(Buffer.from(bytes));
    this.#restBytes += bytes.length;
  }

  #endLine(): void {
    if (this.#restBytes > 0) this.#readLine(Buffer.concat(this.#rest));
    this.#rest = [];
    this.#restBytes = 0;
    this.#skipping = false;
  }

  // Every CLI's events are JSON objects: other lines need not even become text.
  #readLine(bytes: Buffer): void {
    const first = bytes[0] ?? LF;
    if (first > SPACE && first !== OPENING_BRACE) return;
    for (const event of this.#reader.readLine(bytes.toString('utf8'))) this.seen.note(event);
  }
}
