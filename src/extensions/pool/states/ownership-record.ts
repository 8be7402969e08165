import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { sinceBootMs } from '../../../core/kernel/clock.ts';
import { ifThere } from '../../../core/kernel/errors.ts';
import { writeUnsynced } from '../../../core/kernel/files/atomic-file.ts';
import { plainText } from '../../../core/kernel/files/plain-file.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import type { Host } from '../../../core/kernel/processes/host.ts';
import type { SessionPaths } from '../../../core/session/layout/paths.ts';

/** Records a session that this machine has, so that the next supervisor continues where the last one stopped. */
const OwnershipRecord = z.strictObject({
  id: z.string(),
  epoch: z.int().positive(),
  /** The state that this machine published last. */
  published: z.string(),
  /** This machine's name, which its workers record. */
  host: z.string(),
  /** A push whose outcome is not known. */
  sending: z.string().optional(),
});
export type OwnershipRecord = z.infer<typeof OwnershipRecord>;

export function readOwnership({ ownership }: Pick<SessionPaths, 'ownership'>): OwnershipRecord | undefined {
  const text = ifThere(() => readFileSync(ownership, 'utf8'));
  return text === undefined ? undefined : OwnershipRecord.safeParse(parseJson(text)).data;
}

export function writeOwnership(
  { ownership }: Pick<SessionPaths, 'ownership'>,
  record: OwnershipRecord,
): void {
  writeUnsynced(ownership, `${JSON.stringify(record)}\n`, { mode: 0o600 });
}

/**
 * Writes how long the session's worker may continue without a renewal by the supervisor, as a time since boot that
 * includes sleep.
 */
export function writePoolUntil(
  { poolUntil }: Pick<SessionPaths, 'poolUntil'>,
  leftMs: number,
  { bootId }: Pick<Host, 'bootId'>,
): void {
  ifThere(() =>
    writeUnsynced(poolUntil, `${Math.round(sinceBootMs() + leftMs)} ${bootId}\n`, { mode: 0o600 }),
  );
}

const MAX_UNTIL_BYTES = 64;

/** Whether the time is over until which the session's worker may continue. */
export async function isPoolTimeUp(
  { poolUntil }: Pick<SessionPaths, 'poolUntil'>,
  { bootId }: Pick<Host, 'bootId'>,
): Promise<boolean> {
  const given = await plainText(poolUntil, MAX_UNTIL_BYTES);
  if (given === undefined) return false;
  const [untilMs, ofBoot] = given.trim().split(' ');
  // A time from an earlier boot could be far in the future.
  return sinceBootMs() > Number(untilMs) || ofBoot !== bootId;
}
