import { fstatSync, readSync } from 'node:fs';
import { decode, type NotRead, withPlainFile } from './plain-file.ts';

const LF = 0x0a;
const PIECE_BYTES = 256 * 1024;
/** Small enough for Node's shared buffer pool. */
const LEAST_PIECE_BYTES = 4000;

export interface Line {
  /** Without its LF, and valid only until the next line is read; undefined if the line is too long to keep. */
  bytes: Buffer | undefined;
  /** Offset after its LF. */
  end: number;
}

/** Splits a file into lines piece by piece: memory stays flat whatever the file contains. */
export class LineSplitter {
  readonly #maxLineBytes: number;
  #offset: number;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #isTooLong = false;

  constructor({ offset = 0, maxLineBytes }: { offset?: number; maxLineBytes: number }) {
    this.#offset = offset;
    this.#maxLineBytes = maxLineBytes;
  }

  get offset(): number {
    return this.#offset;
  }

  /** @param bytes the next bytes of the file @returns the lines that end in them */
  *take(bytes: Buffer): Generator<Line> {
    const begin = this.#offset;
    this.#offset += bytes.length;
    let from = 0;
    for (let lf = bytes.indexOf(LF); lf !== -1; lf = bytes.indexOf(LF, from)) {
      const line = bytes.subarray(from, lf);
      from = lf + 1;
      yield this.#lineWith(line, begin + from);
    }
    this.#keep(bytes.subarray(from));
  }

  /** @returns the last line, if it has no LF */
  *end(): Generator<Line> {
    if (this.#restBytes > 0) yield this.#lineWith(Buffer.alloc(0), this.#offset);
  }

  #lineWith(last: Buffer, end: number): Line {
    const isKept = !this.#isTooLong && this.#restBytes + last.length <= this.#maxLineBytes;
    // A line that lies within one piece is not copied.
    const bytes = this.#rest.length === 0 ? last : Buffer.concat([...this.#rest, last]);
    this.#rest = [];
    this.#restBytes = 0;
    this.#isTooLong = false;
    return { bytes: isKept ? bytes : undefined, end };
  }

  #keep(bytes: Buffer): void {
    this.#restBytes += bytes.length;
    this.#isTooLong ||= this.#restBytes > this.#maxLineBytes;
    if (this.#isTooLong) this.#rest = [];
    // The buffer is reused, so a partial line must be copied.
    else if (bytes.length > 0) this.#rest.push(Buffer.from(bytes));
  }
}

export interface TextLine {
  text: string | undefined;
  /** Offset after its LF. */
  end: number;
}

/** Longer than any line we write. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/**
 * The lines of a file from `offset` on.
 * @param toEnd include a last line without LF @param pieceBytes how much to read at once; use less for the first lines
 */
export function* linesFrom(
  descriptor: number,
  offset: number,
  { maxLineBytes = MAX_LINE_BYTES, toEnd = false, pieceBytes = PIECE_BYTES } = {},
): Generator<TextLine> {
  const lines = new LineSplitter({ offset, maxLineBytes });
  const left = fstatSync(descriptor).size - offset;
  // Most files are small and numerous: allocating a large piece for each would be most of the work.
  const piece = Buffer.allocUnsafe(Math.max(LEAST_PIECE_BYTES, Math.min(pieceBytes, left + 1)));
  for (;;) {
    const bytesRead = readSync(descriptor, piece, 0, piece.length, lines.offset);
    const read = bytesRead > 0 ? lines.take(piece.subarray(0, bytesRead)) : toEnd ? lines.end() : [];
    for (const { bytes, end } of read) yield { text: bytes?.toString('utf8'), end };
    if (bytesRead === 0) return;
  }
}

/** The offset at which the line containing `position` begins; undefined if that is more than `maxBytes` before. */
export function lineStart(
  descriptor: number,
  position: number,
  maxBytes = Number.POSITIVE_INFINITY,
): number | undefined {
  for (let end = position; end > 0; end -= PIECE_BYTES) {
    if (position - end > maxBytes) return undefined;
    const begin = Math.max(0, end - PIECE_BYTES);
    const lf = bytesAt(descriptor, begin, end - begin).lastIndexOf(LF);
    if (lf !== -1) return begin + lf + 1;
  }
  return 0;
}

/** Where the last line of a file begins, and its first `maxBytes`; undefined if the file ends with LF. */
export function openEnd(descriptor: number, maxBytes: number): { begin: number; bytes: Buffer } | undefined {
  const { size } = fstatSync(descriptor);
  if (size === 0 || bytesAt(descriptor, size - 1, 1)[0] === LF) return undefined;
  // Rare: a crash tore it, or an editor omitted the last newline.
  const begin = lineStart(descriptor, size) ?? 0;
  return { begin, bytes: bytesAt(descriptor, begin, Math.min(size - begin, maxBytes)) };
}

export interface Bound {
  maxBytes: number;
  keep: 'start' | 'end';
}

export interface BoundedText {
  kind: 'text';
  text: string;
  /** Bytes that were left out; 0 when the text is complete. */
  omittedBytes: number;
}

/** Reads a plain file of any size; from a large one, only whole lines at its start or its end. */
export function readBoundedText(path: string, { maxBytes, keep }: Bound): BoundedText | NotRead {
  return withPlainFile(path, (descriptor, { size }): BoundedText => {
    const length = Math.min(size, maxBytes);
    const bytes = bytesAt(descriptor, keep === 'end' ? size - length : 0, length);
    const kept = length < size ? wholeLines(bytes, keep) : bytes;
    return { kind: 'text', text: decode(kept), omittedBytes: Math.max(0, size - kept.length) };
  });
}

// A line longer than `maxBytes` is left out entirely: half of it could be taken for a line.
function wholeLines(bytes: Buffer, keep: Bound['keep']): Buffer {
  if (keep === 'start') return bytes.subarray(0, bytes.lastIndexOf(LF) + 1);
  const first = bytes.indexOf(LF);
  return first === -1 ? Buffer.alloc(0) : bytes.subarray(first + 1);
}

/** The last `maxBytes` of a plain file as text, which can begin within a line; empty when there is none. */
export function readTail(path: string, maxBytes: number): string {
  const tail = withPlainFile(path, (descriptor, { size }) => ({
    text: bytesAt(descriptor, Math.max(0, size - maxBytes), Math.min(size, maxBytes)).toString('utf8'),
  }));
  return 'text' in tail ? tail.text : '';
}

function bytesAt(descriptor: number, from: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(descriptor, bytes, 0, length, from));
}
