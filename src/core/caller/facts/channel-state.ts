import { join } from 'node:path';
import * as z from 'zod';
import { namesAt } from '../../kernel/files/path-stats.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import type { SupervisorPaths } from '../../sandbox/programs/supervisor-folder.ts';

/** `channels/<name>.json` in the supervisor's folder: the state of one notification channel. */
export const ChannelState = z.object({
  v: z.literal(1),
  channel: z.string(),
  /** ISO time; earlier events are not sent. */
  since: z.string(),
  /** Ids that were sent or no longer need sending, oldest first. */
  passed: z.array(z.string()),
  sending: z.array(z.string()).optional(),
  /** Sent notifications whose request might still be open; only for channels that can withdraw them. */
  open: z.array(z.object({ id: z.string(), at: z.string(), kind: z.string(), place: z.string() })),
  /** The failures since the last successful notification. */
  failing: z
    .object({ since: z.string(), why: z.string(), tries: z.int(), waiting: z.int(), givenUp: z.int() })
    .optional(),
});
export type ChannelState = z.infer<typeof ChannelState>;

const MAX_BYTES = 4 * 1024 * 1024;

export function channelStatePath({ channels }: Pick<SupervisorPaths, 'channels'>, name: string): string {
  return join(channels, `${name}.json`);
}

/** @returns undefined when the file is missing or damaged */
export async function readChannelState(
  paths: Pick<SupervisorPaths, 'channels'>,
  name: string,
): Promise<ChannelState | undefined> {
  return await plainJson(channelStatePath(paths, name), MAX_BYTES, ChannelState);
}

export interface ChannelTrouble extends NonNullable<ChannelState['failing']> {
  channel: string;
}

export async function channelTroubles(paths: Pick<SupervisorPaths, 'channels'>): Promise<ChannelTrouble[]> {
  const names = (namesAt(paths.channels) ?? []).filter((name) => name.endsWith('.json'));
  const states = await Promise.all(names.map((name) => readChannelState(paths, name.slice(0, -5))));
  return states.flatMap((state) =>
    state?.failing === undefined ? [] : [{ channel: state.channel, ...state.failing }],
  );
}

/** For example "Notifications by webhook have failed since …: The server answered 500. (3 waiting)". */
export function channelTroubleText({ channel, since, why, waiting, givenUp }: ChannelTrouble): string {
  const counts = [
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    ...(givenUp > 0 ? [`${givenUp} given up`] : []),
  ];
  const counted = counts.length === 0 ? '' : ` (${counts.join(', ')})`;
  return `Notifications by ${channel} have failed since ${since}: ${why}${counted}`;
}
