import * as z from 'zod';
import { systemErrorCode } from '../../kernel/errors.ts';
import { writeUnsynced } from '../../kernel/files/atomic-file.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import type { SessionPaths } from './paths.ts';

/** The last poll that saw a pull request, between two recorded changes. */
const PollRecord = z.object({ number: z.int(), seenAt: z.iso.datetime() });
export type PollRecord = z.infer<typeof PollRecord>;

export async function readPollRecord(
  { lastPoll }: Pick<SessionPaths, 'lastPoll'>,
  { number }: Pick<PollRecord, 'number'>,
): Promise<PollRecord | undefined> {
  const found = await plainJson(lastPoll, PollRecord);
  return found?.number === number ? found : undefined;
}

/** If it cannot be written, an older time is shown. */
export function writePollRecord(
  { lastPoll: path }: Pick<SessionPaths, 'lastPoll'>,
  record: PollRecord,
): void {
  try {
    writeUnsynced(path, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
}
