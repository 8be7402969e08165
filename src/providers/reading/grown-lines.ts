import { readSync } from 'node:fs';
import { LineSplitter } from '../../base/files/lines.ts';
import { withPlainFile } from '../../base/files/plain-file.ts';

/** What is in memory at once; a line that is longer is passed over. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Follows a log that a CLI writes beside its output: each call hands over the whole lines by which it has
 * grown. A file that is not there yet, or can't be read, has not grown; never throws.
 */
export function newGrownLines(
  find: () => Promise<string | undefined>,
): (onLine: (line: string) => void) => Promise<void> {
  let path: string | undefined;
  const lines = new LineSplitter({ maxLineBytes: PIECE_BYTES });
  return async (onLine) => {
    path ??= await find().catch(() => undefined);
    if (path === undefined) return;
    readGrowth(path, (descriptor, { size }) => {
      if (size <= lines.offset) return;
      const piece = Buffer.alloc(PIECE_BYTES);
      for (let isFull = true; isFull; ) {
        const bytesRead = readSync(descriptor, piece, 0, PIECE_BYTES, lines.offset);
        isFull = bytesRead === PIECE_BYTES;
        for (const { bytes } of lines.take(piece.subarray(0, bytesRead)))
          if (bytes !== undefined && bytes.length > 0) onLine(bytes.toString('utf8'));
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
