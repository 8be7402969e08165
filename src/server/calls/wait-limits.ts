import { PROVIDERS } from '../../providers/registry.ts';

/** As long as an unknown client, such as Claude Desktop, waits for a call: most often it gives up after 60 s. */
const UNKNOWN_CLIENT = { byDefaultMs: 45_000, mostMs: 45_000 };

/** How long a call of this client waits, in milliseconds; what is asked for beyond its limit is cut to it. */
export function waitLimitMs(clientName: string, askedSeconds: number | undefined): number {
  const known = PROVIDERS.find(({ client }) => client?.name === clientName)?.client;
  const limit = known ?? UNKNOWN_CLIENT;
  return askedSeconds === undefined ? limit.byDefaultMs : Math.min(askedSeconds * 1000, limit.mostMs);
}
