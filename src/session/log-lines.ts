import type { FileHandle } from 'node:fs/promises';

const PIECE_BYTES = 256 * 1024;
/** No event of ours is that long; a longer line reads as an empty one. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const LF = 0x0a;

export interface LogLine {
  text: string;
  /** Offset behind its LF. */
  end: number;
}

/** The complete lines of a file from `offset` on; a last line without LF does not count. */
export async function* linesFrom(handle: FileHandle, offset: number): AsyncGenerator<LogLine> {
  const piece = Buffer.alloc(PIECE_BYTES);
  let rest: Buffer[] = [];
  let restBytes = 0;
  for (let position = offset; ; ) {
    const { bytesRead } = await handle.read(piece, 0, piece.length, position);
    if (bytesRead === 0) return;
    const bytes = piece.subarray(0, bytesRead);
    let from = 0;
    for (let lf = bytes.indexOf(LF); lf !== -1; lf = bytes.indexOf(LF, from)) {
      const tooLong = restBytes + lf - from > MAX_LINE_BYTES;
      const text = tooLong ? '' : Buffer.concat([...rest, bytes.subarray(from, lf)]).toString('utf8');
      rest = [];
      restBytes = 0;
      from = lf + 1;
      yield { text, end: position + from };
    }
    // The piece is read into again, so a part of a line must be copied.
    if (restBytes <= MAX_LINE_BYTES) rest.push(Buffer.from(bytes.subarray(from)));
    else rest = [];
    restBytes += bytesRead - from;
    position += bytesRead;
  }
}
