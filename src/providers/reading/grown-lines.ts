import { linesFrom } from '../../base/files/lines.ts';
import { openPlainHandle } from '../../base/files/plain-file.ts';

/** A line that is longer is passed over. */
const MAX_LINE_BYTES = 1024 * 1024;

/**
 * Follows a log that a CLI writes beside its output: each call hands over the whole lines by which it has
 * grown. A file that is not there yet, or can't be read, has not grown; never throws.
 */
export function newGrownLines(
  find: () => Promise<string | undefined>,
): (onLine: (line: string) => void) => Promise<void> {
  let path: string | undefined;
  let offset = 0;
  return async (onLine) => {
    try {
      path ??= await find();
      const opened = path === undefined ? undefined : openPlainHandle(path);
      if (opened?.kind !== 'opened') return;
      try {
        for await (const { text, end } of linesFrom(opened.handle, offset, {
          maxLineBytes: MAX_LINE_BYTES,
        })) {
          offset = end;
          if (text) onLine(text);
        }
      } finally {
        opened.handle.close();
      }
    } catch {
      // What can't be read has not grown.
    }
  };
}
