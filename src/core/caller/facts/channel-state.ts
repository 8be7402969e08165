import * as z from 'zod';
import { plainJson } from '../../kernel/files/plain-file.ts';
import type { SupervisorPaths } from '../../sandbox/programs/supervisor-folder.ts';

/** What `outbox.json` in the supervisor's folder says of one notification channel. */
export const ChannelState = z.object({
  /** Id of the notice being sent; after a crash or a timeout it may have been delivered. */
  sending: z.string().optional(),
  /** Set while the last attempt was a failure; `since` is the time of the first. */
  failing: z.object({ since: z.string(), why: z.string() }).optional(),
  /** How many notices were given up since then, because newer ones or a week came in between. */
  givenUp: z.int().optional(),
  /** Since when it is no longer configured. */
  unsetSince: z.string().optional(),
});
export type ChannelState = z.infer<typeof ChannelState>;

const Channels = z.looseObject({ channels: z.record(z.string(), ChannelState) });

export interface ChannelTrouble extends NonNullable<ChannelState['failing']> {
  channel: string;
  givenUp?: number | undefined;
}

/** The channels whose last attempt failed. */
export async function channelTroubles({
  outbox,
}: Pick<SupervisorPaths, 'outbox'>): Promise<ChannelTrouble[]> {
  const { channels = {} } = (await plainJson(outbox, Channels)) ?? {};
  return Object.entries(channels).flatMap(([channel, { failing, givenUp }]) =>
    failing === undefined ? [] : [{ channel, ...failing, givenUp }],
  );
}

/** For example "Notifications by webhook have failed since …: The server answered 500." */
export function channelTroubleText({ channel, since, why, givenUp }: ChannelTrouble): string {
  const lost = givenUp === undefined ? '' : ` The oldest ${givenUp} will not be sent.`;
  return `Notifications by ${channel} have failed since ${since}: ${why}${lost}`;
}
