import { stderr } from 'node:process';
import { type Clock, isoUtc } from '../base/clock.ts';
import { systemErrorCode } from '../base/errors.ts';
import type { EventWriter } from '../session/event-writer.ts';
import type { NewEvent, SessionEvent } from '../session/events.ts';

/** Failures of the disk that a person can end; until then the worker waits and goes on by itself. */
const PASSING = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);
const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 30_000;

/** Appends events; while the disk takes nothing it waits, longer each time, instead of losing the session. */
export async function appendPatiently(
  { writer, clock }: { writer: EventWriter; clock: Clock },
  events: readonly NewEvent[],
): Promise<SessionEvent[]> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LAST_WAIT_MS)) {
    try {
      return await writer.append(...events);
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === undefined || !PASSING.has(code)) throw error;
      // session.log is on the same disk; this may be the only place that still takes a line.
      stderr.write(`${isoUtc(clock.now())} events not written (${code}); trying again in ${waitMs} ms\n`);
      await clock.sleep(waitMs);
    }
  }
}
