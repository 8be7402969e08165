import { readSync } from 'node:fs';
import { withPlainFile } from '../base/plain-file.ts';

/** What is in memory at once; a line that is longer is passed over. */
const PIECE_BYTES = 1024 * 1024;
const LF = 0x0a;

/**
 * Follows a log that a CLI writes beside its output: each call hands over the whole lines by which it has
 * grown. A file that is not there yet, or can't be read, has not grown; never throws.
 */
export function newGrownLines(
  find: () => Promise<string | undefined>,
): (onLine: (line: string) => void) => Promise<void> {
  let path: string | undefined;
  let offset = 0;
  let isInOverlong = false;
  return async (onLine) => {
    path ??= await find().catch(() => undefined);
    if (path === undefined) return;
    readGrowth(path, (descriptor, { size }) => {
      if (size <= offset) return;
      const piece = Buffer.alloc(PIECE_BYTES);
      for (;;) {
        const bytesRead = readSync(descriptor, piece, 0, PIECE_BYTES, offset);
        const whole = piece.subarray(0, bytesRead).lastIndexOf(LF) + 1;
        const isFull = bytesRead === PIECE_BYTES;
        // A line that is still being written is read with the next ones.
        if (whole === 0 && !isFull) return;
        offset += whole === 0 ? bytesRead : whole;
        const lines = piece.toString('utf8', 0, whole).split('\n');
        if (isInOverlong) lines.shift();
        isInOverlong = whole === 0;
        for (const line of lines) if (line !== '') onLine(line);
        if (!isFull) return;
      }
    });
  };
}

function readGrowth(path: string, read: Parameters<typeof withPlainFile<void>>[1]): void {
  try {
    withPlainFile(path, read);
  } catch {
    // What can't be read has not grown.
  }
}
