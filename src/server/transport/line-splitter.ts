/** What came between two line ends. */
export type Line =
  | { kind: 'line'; text: string }
  /** Larger than was allowed; only its beginning and its end were kept. */
  | { kind: 'oversized'; head: string; tail: string; sizeBytes: number };

const LF = 0x0a;
/** Bytes of an oversized line that are kept at either side. */
const KEPT = 1024;

/**
 * Cuts a stream into lines and takes each in memory once. A line beyond `maxBytes` is passed over, and the next
 * one is read as if nothing had been.
 */
export function newLineSplitter(maxBytes: number): (chunk: Buffer) => Line[] {
  let parts: Buffer[] = [];
  let size = 0;
  let isOversized = false;
  const take = (piece: Buffer) => {
    size += piece.length;
    parts.push(piece);
    if (!isOversized && size <= maxBytes) return;
    const whole = Buffer.concat(parts);
    // Copies, so that what was passed over does not stay in memory.
    parts = [Buffer.from(whole.subarray(0, KEPT)), Buffer.from(whole.subarray(KEPT).subarray(-KEPT))];
    isOversized = true;
  };
  const end = (): Line => {
    const [head = Buffer.alloc(0), tail = Buffer.alloc(0)] = parts;
    const line: Line = isOversized
      ? { kind: 'oversized', head: head.toString(), tail: tail.toString(), sizeBytes: size }
      : { kind: 'line', text: Buffer.concat(parts).toString() };
    parts = [];
    size = 0;
    isOversized = false;
    return line;
  };
  return (chunk) => {
    const lines: Line[] = [];
    let from = 0;
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
      take(chunk.subarray(from, at));
      lines.push(end());
      from = at + 1;
    }
    if (from < chunk.length) take(chunk.subarray(from));
    return lines;
  };
}
