import { stderr } from 'node:process';
import { type Clock, isoUtc } from '../base/clock.ts';
import { systemErrorCode } from '../base/errors.ts';
import type { EventWriter } from '../session/event-writer.ts';
import type { NewEvent, SessionEvent } from '../session/events.ts';
import { isPassing, nextWait } from './passing-errors.ts';

/** Appends events; while the disk takes nothing it waits, longer each time, instead of losing the session. */
export async function appendPatiently(
  { writer, clock }: { writer: EventWriter; clock: Clock },
  events: readonly NewEvent[],
): Promise<SessionEvent[]> {
  for (let waitMs = nextWait(); ; waitMs = nextWait(waitMs)) {
    try {
      return await writer.append(...events);
    } catch (error) {
      if (!isPassing(error)) throw error;
      // session.log is on the same disk; this may be the only place that still takes a line.
      stderr.write(
        `${isoUtc(clock.now())} events not written (${systemErrorCode(error)}); trying again in ${waitMs} ms\n`,
      );
      await clock.sleep(waitMs);
    }
  }
}
