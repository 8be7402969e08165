import { join } from 'node:path';
import * as z from 'zod';
import { namesAt } from '../../kernel/files/path-stats.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import type { SupervisorPaths } from '../../sandbox/programs/supervisor-folder.ts';

/** `channels/<name>.json` in the supervisor's folder: the state of one notification channel. */
export const ChannelState = z.object({
  v: z.literal(2),
  channel: z.string(),
  /**
   * Ids of the last notices that were sent or needed no sending. Quiet hours delay notices that do not need the
   * person, so each of the two groups has its own cursor.
   */
  passed: z.object({ urgent: z.string().optional(), other: z.string().optional() }),
  /** Id of the notice being sent; after a crash or a timeout it may have been delivered. */
  sending: z.string().optional(),
  /** Set while the last attempt was a failure; `since` is the time of the first. */
  failing: z.object({ since: z.string(), why: z.string() }).optional(),
});
export type ChannelState = z.infer<typeof ChannelState>;

export function channelStatePath({ channels }: Pick<SupervisorPaths, 'channels'>, name: string): string {
  return join(channels, `${name}.json`);
}

/** @returns undefined when the file is missing or damaged */
export async function readChannelState(
  paths: Pick<SupervisorPaths, 'channels'>,
  name: string,
): Promise<ChannelState | undefined> {
  return await plainJson(channelStatePath(paths, name), ChannelState);
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

/** For example "Notifications by webhook have failed since …: The server answered 500." */
export function channelTroubleText({ channel, since, why }: ChannelTrouble): string {
  return `Notifications by ${channel} have failed since ${since}: ${why}`;
}
