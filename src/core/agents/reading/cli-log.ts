import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { linesFrom } from '../../kernel/files/lines.ts';
import { openPlainHandle } from '../../kernel/files/plain-file.ts';

/** Longer lines are irrelevant. */
const MAX_LINE_BYTES = 1024 * 1024;

/** The relevant lines of the log below `folder` whose name ends with `end`; none if it can't be read, or is a link. */
export async function linesOfLog(folder: string, end: string, relevant: RegExp): Promise<string[]> {
  const isFolder = (await lstat(folder).catch(() => undefined))?.isDirectory();
  const names = isFolder ? await readdir(folder, { recursive: true }).catch((): string[] => []) : [];
  const name = names.find((path) => path.endsWith(end));
  const opened = name === undefined ? undefined : openPlainHandle(join(folder, name));
  if (opened?.kind !== 'opened') return [];
  const { handle } = opened;
  const found: string[] = [];
  try {
    for await (const { text = '' } of linesFrom(handle, 0, { maxLineBytes: MAX_LINE_BYTES }))
      if (relevant.test(text)) found.push(text);
  } catch {
    // Keep what could be read.
  } finally {
    handle.close();
  }
  return found;
}
