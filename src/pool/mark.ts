import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { sinceBootMs } from '../base/clock.ts';
import { ifThere } from '../base/errors.ts';
import { writeLightly } from '../base/files/atomic-file.ts';
import { parseJson } from '../base/parse-json.ts';
import type { Host } from '../base/processes/host.ts';
import type { SessionPaths } from '../session/layout/paths.ts';

/** A session that this machine has, so that a supervisor that starts again goes on where the last one was. */
const HeldMark = z.strictObject({
  id: z.string(),
  epoch: z.int().positive(),
  /** Where this machine left the session's ref. */
  published: z.string(),
  /** This machine's name, which its workers record. */
  host: z.string(),
  /** A push whose outcome is not known. */
  sending: z.string().optional(),
});
export type HeldMark = z.infer<typeof HeldMark>;

export function readMark({ poolMark }: Pick<SessionPaths, 'poolMark'>): HeldMark | undefined {
  const text = ifThere(() => readFileSync(poolMark, 'utf8'));
  return text === undefined ? undefined : HeldMark.safeParse(parseJson(text)).data;
}

export function writeMark({ poolMark }: Pick<SessionPaths, 'poolMark'>, mark: HeldMark): void {
  writeLightly(poolMark, `${JSON.stringify(mark)}\n`, 0o600);
}

/** Until when its worker may go on without hearing of the supervisor: by the clock that counts sleep, of this boot. */
export function writePoolUntil(
  { poolUntil }: Pick<SessionPaths, 'poolUntil'>,
  leftMs: number,
  { bootId }: Pick<Host, 'bootId'>,
): void {
  ifThere(() => writeLightly(poolUntil, `${Math.round(sinceBootMs() + leftMs)} ${bootId}\n`, 0o600));
}
