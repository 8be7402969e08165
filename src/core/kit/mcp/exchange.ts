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

/** Sends the client a request while one of its own is being answered. Rejects if there is no answer in time. */
export type AskClient = (request: ClientRequest, timeoutMs: number) => Promise<unknown>;

/** A request of a client, as its handler sees it in either era of the protocol. */
export interface Exchange {
  client: ChatClient;
  meta: Readonly<Record<string, unknown>> | undefined;
  /** Aborted when the client cancels the request. */
  signal: AbortSignal;
  notify: ServerContext['mcpReq']['notify'];
  /** Absent where the protocol offers no way to ask. */
  ask?: AskClient;
}

/** Creates the action context of a request; nothing is created earlier, so that the handshake does not wait for it. */
export type ContextFor = (exchange: Exchange) => Promise<ActionContext>;

/** Whether the connection uses revision 2026-07-28 or a later one, in which each request stands alone. */
export function isModern(server: Server): boolean {
  return (server.getNegotiatedProtocolVersion() ?? '') >= '2026-07-28';
}

export function exchangeOf(server: Server, { mcpReq }: ServerContext): Exchange {
  const { signal, _meta: meta, notify } = mcpReq;
  const client = isModern(server) ? clientIn(mcpReq.envelope) : connectedClient(server);
  const ask: AskClient = async (request, timeout) => await mcpReq.send(request, { timeout, signal });
  return { client, meta, signal, notify, ...(!isModern(server) && { ask }) };
}

/** The exchange of a request that the SDK answers, with the client's description in its `_meta`. */
export function describedExchange(meta: Exchange['meta']): Exchange {
  const { signal } = new AbortController();
  return { client: clientIn(meta), meta, signal, notify: async () => {} };
}

/** The SDK refuses a request whose envelope is invalid. */
function clientIn(envelope: unknown): ChatClient {
  const { [CLIENT_INFO_META_KEY]: info, [CLIENT_CAPABILITIES_META_KEY]: capabilities } = Object(envelope);
  return { name: info?.name ?? '', version: info?.version ?? '', capabilities: capabilities ?? {} };
}

function connectedClient(server: Server): ChatClient {
  const { name = '', version = '' } = server.getClientVersion() ?? {};
  return { name, version, capabilities: server.getClientCapabilities() ?? {} };
}
