import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  type ClientCapabilities,
  type ElicitRequestFormParams,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { ActionContext } from '../../caller/context/context.ts';

/** A client as it describes itself: when it connects, or since revision 2026-07-28 with each request. */
export interface ChatClient {
  /** Empty if it sent none. */
  name: string;
  version: string;
  capabilities: ClientCapabilities;
}

export type ClientRequest =
  | { method: 'elicitation/create'; params: ElicitRequestFormParams }
  | { method: 'roots/list' };

/** Sends a request to the client while the server answers one from it. Rejects if no answer comes in time. */
export type AskClient = (request: ClientRequest, timeoutMs: number) => Promise<unknown>;

/** A request of a client, as its handler sees it in either era of the protocol. */
export interface Exchange {
  client: ChatClient;
  meta: Readonly<Record<string, unknown>> | undefined;
  /** Aborted when the client cancels the request. */
  signal: AbortSignal;
  /** Sends progress to the client, if it asked for it. */
  report(progress: { progress: number; message: string }): Promise<void>;
  /** Absent where the protocol offers no way to ask. */
  ask?: AskClient;
  /** No request of the client is open while it answers, so its time limits for requests do not apply. */
  asksBetweenRequests?: true;
}

/** Creates the action context of a request; nothing is created earlier, so that the handshake does not wait for it. */
export type ContextFor = (exchange: Exchange) => Promise<ActionContext>;

/** Whether the connection uses revision 2026-07-28 or a later one, in which each request stands alone. */
export function isModern(server: Server): boolean {
  return (server.getNegotiatedProtocolVersion() ?? '') >= '2026-07-28';
}

export function exchangeOf(server: Server, context: ServerContext): Exchange {
  const { mcpReq } = context;
  const { signal, _meta: meta } = mcpReq;
  const client = isModern(server) ? clientIn(mcpReq.envelope) : connectedClient(server);
  // The folders are asked for on behalf of all calls, so the end of one of them does not matter.
  const until = (method: string) => (method === 'roots/list' ? {} : { signal });
  const ask: AskClient = async (request, timeout) =>
    await mcpReq.send(request, { timeout, ...until(request.method) });
  const report: Exchange['report'] = async (progress) => await reportTo(context, progress);
  return { client, meta, signal, report, ...(!isModern(server) && { ask }) };
}

/** For work that answers no request. */
export function noExchange(): Exchange {
  const { signal } = new AbortController();
  return { client: clientIn(undefined), meta: undefined, signal, report: async () => {} };
}

/** The envelope is valid: the SDK has checked it. */
function clientIn(envelope: unknown): ChatClient {
  const { [CLIENT_INFO_META_KEY]: info, [CLIENT_CAPABILITIES_META_KEY]: capabilities } = Object(envelope);
  return { name: info?.name ?? '', version: info?.version ?? '', capabilities: capabilities ?? {} };
}

function connectedClient(server: Server): ChatClient {
  const { name = '', version = '' } = server.getClientVersion() ?? {};
  return { name, version, capabilities: server.getClientCapabilities() ?? {} };
}

/** Sends progress to the client of an open request, if it asked for it. */
export async function reportTo(
  { mcpReq }: ServerContext,
  progress: { progress: number; message: string },
): Promise<void> {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return;
  await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, ...progress } });
}
