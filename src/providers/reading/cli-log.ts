import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { linesFrom } from '../../base/files/lines.ts';
import { openPlainHandle } from '../../base/files/plain-file.ts';

/** A longer line says nothing that is asked for. */
const MAX_LINE_BYTES = 1024 * 1024;

/**
 * The lines that may tell something in a log that a CLI keeps of its own: the file somewhere below `folder` whose name
 * ends with `end`. None where there is no such file, or none that can be read.
 */
export async function linesOfLog(folder: string, end: string, telling: RegExp): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch((): string[] => []);
  const name = names.find((path) => path.endsWith(end));
  const opened = name === undefined ? undefined : openPlainHandle(join(folder, name));
  if (opened?.kind !== 'opened') return [];
  const { handle } = opened;
  const found: string[] = [];
  try {
    for await (const { text = '' } of linesFrom(handle, 0, { maxLineBytes: MAX_LINE_BYTES }))
      if (telling.test(text)) found.push(text);
  } catch {
    // What can't be read to its end has told what it could.
  } finally {
    handle.close();
  }
  return found;
}
