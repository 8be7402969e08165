import { lstat, open } from 'node:fs/promises';
import { writeWhole } from '../base/atomic-file.ts';
import { ifExists } from '../base/errors.ts';
import { readPlainFile } from '../base/plain-file.ts';
import { parseEvent } from '../session/events.ts';
import { linesFrom } from '../session/log-lines.ts';
import type { SessionPaths } from '../session/paths.ts';

const MAX_BYTES = 16 * 1024 * 1024;
/** A session is created with its first events. */
const FIRST_LINES = 20;

/**
 * Puts `session.json` back as it was when the session was created, which its event says: whoever changed
 * it while no worker lived has chosen nothing. @returns true when it had to be put back
 */
export async function putBackSessionFile(paths: SessionPaths): Promise<boolean> {
  const created = await createdWith(paths);
  if (created === undefined) return false;
  const reading = await readPlainFile(paths.sessionFile, MAX_BYTES);
  if (reading.kind === 'bytes' && reading.bytes.toString('utf8') === created) return false;
  await writeWhole(paths.sessionFile, created);
  return true;
}

async function createdWith({ events }: SessionPaths): Promise<string | undefined> {
  // A link or a pipe in its place is met when the log is opened.
  if (!(await ifExists(lstat(events)))?.isFile()) return undefined;
  const handle = await open(events, 'r');
  try {
    let count = 0;
    for await (const { text } of linesFrom(handle, 0)) {
      const reading = parseEvent(text);
      if (reading.kind === 'event' && reading.event.type === 'session_created') return reading.event.file;
      if (++count === FIRST_LINES) break;
    }
    return undefined;
  } finally {
    await handle.close();
  }
}
