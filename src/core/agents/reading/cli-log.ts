import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { linesFrom } from '../../kernel/files/lines.ts';
import { withPlainFile } from '../../kernel/files/plain-file.ts';

/** Longer lines are irrelevant. */
const MAX_LINE_BYTES = 1024 * 1024;

/** Whether a line is worth parsing. */
interface Relevant {
  test(line: string): boolean;
}

/** The relevant lines of the log below `folder` whose name ends with `end`; none if it can't be read, or is a link. */
export async function linesOfLog(folder: string, end: string, relevant: Relevant): Promise<string[]> {
  return await linesOfLogs(
    folder,
    (names) => names.filter((name) => name.endsWith(end)).slice(0, 1),
    relevant,
  );
}

/** As of one log. @param choose the logs among the paths of all files below the folder */
export async function linesOfLogs(
  folder: string,
  choose: (paths: readonly string[]) => readonly string[],
  relevant: Relevant,
): Promise<string[]> {
  const isFolder = (await lstat(folder).catch(() => undefined))?.isDirectory();
  const names = isFolder ? await readdir(folder, { recursive: true }).catch((): string[] => []) : [];
  const found: string[] = [];
  for (const name of choose(names)) {
    withPlainFile(join(folder, name), (log) => {
      try {
        for (const { text = '' } of linesFrom(log, 0, { maxLineBytes: MAX_LINE_BYTES }))
          if (relevant.test(text)) found.push(text);
      } catch {
        // Keep what could be read.
      }
    });
  }
  return found;
}
