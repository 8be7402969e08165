import { linesFrom } from '../base/files/lines.ts';
import { openPlainHandle } from '../base/files/plain-file.ts';
import { type EventOf, parseEvent } from './events/events.ts';
import { parseSessionFile, readSessionFile, type SessionFile } from './events/session-file.ts';
import type { SessionPaths } from './layout/paths.ts';

/** A session is created with its first events. */
const FIRST_LINES = 20;
const FIRST_BYTES = 4000;

/**
 * Who a session is, as the event of its creation says: whoever changed `session.json` since has chosen nothing. From
 * that file alone before there is an event, and where an old one does not say it.
 * @returns undefined when nothing says it @throws session_file_broken
 */
export async function trueSessionFile(
  paths: Pick<SessionPaths, 'events' | 'sessionFile'>,
): Promise<SessionFile | undefined> {
  const created = await createdFile(paths);
  return created === undefined ? await readSessionFile(paths) : parseSessionFile(paths.sessionFile, created);
}

/** The text of `session.json` as it was when the session was created, which its event says; old ones say nothing. */
export async function createdFile({ events }: Pick<SessionPaths, 'events'>): Promise<string | undefined> {
  // A link or a pipe in its place is met when the log is opened.
  const opened = openPlainHandle(events);
  if (opened.kind !== 'opened') return undefined;
  const { handle } = opened;
  try {
    let count = 0;
    let created: EventOf<'session_created'> | undefined;
    for await (const { text = '' } of linesFrom(handle, 0, { pieceBytes: FIRST_BYTES })) {
      const reading = parseEvent(text);
      const event = reading.kind === 'event' ? reading.event : undefined;
      if (event?.type === 'session_created') created = event;
      // It counts with the last event of its commit.
      if (created !== undefined && event !== undefined && event.more === undefined) return created.file;
      if (++count === FIRST_LINES && created === undefined) break;
    }
    return undefined;
  } finally {
    handle.close();
  }
}
