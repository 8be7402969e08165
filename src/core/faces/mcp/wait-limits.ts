import { allProviders } from '../../agents/registry.ts';

/** Unknown clients, such as Claude Desktop, usually give up after 60 s. */
const UNKNOWN_CLIENT = { byDefaultMs: 45_000, maxMs: 45_000 };

/** The time that a call may wait, in milliseconds: the requested time, at most the client's limit. */
export function waitLimitMs(clientName: string, requestedSeconds: number | undefined): number {
  const known = allProviders().find(({ client }) => client?.name === clientName)?.client;
  const limit = known ?? UNKNOWN_CLIENT;
  return requestedSeconds === undefined ? limit.byDefaultMs : Math.min(requestedSeconds * 1000, limit.maxMs);
}
