import { createMcpHandler, type Server } from '@modelcontextprotocol/server';
import type { ActionContext } from '../../core/caller/context/context.ts';
import type { RemoteClient } from '../../core/faces/http-sessions.ts';
import { type Listens, MAX_LISTENS, newListens } from './resources/listens.ts';

export interface HttpRequests {
  /** @param body of the request, as parsed JSON */
  answer(request: Request, client: RemoteClient, body: unknown): Promise<Response>;
  /** Whether any answer is being sent. */
  areOpen(): boolean;
  /** Aborts requests of clients that are not valid. */
  closeUnless(isValid: (client: RemoteClient) => boolean): void;
  close(): Promise<void>;
}

interface OpenRequest {
  client: RemoteClient;
  listens: boolean;
  end: AbortController;
}

/**
 * Serves the modern era over HTTP, where each request stands alone and gets a server for itself.
 * @param ended called when an answer has been sent or its reader is gone
 */
export function httpRequests(
  build: (client: RemoteClient) => Server,
  context: Omit<ActionContext, 'by' | 'roots'>,
  ended: () => void,
): HttpRequests {
  const open = new Set<OpenRequest>();
  const modern = createMcpHandler(({ authInfo }) => build(authInfo?.extra?.client as RemoteClient), {
    legacy: 'reject',
  });
  const contextOf = async (): Promise<ActionContext> => ({ ...context, by: { channel: 'tool' }, roots: [] });
  const listensOf = new Map<string, Listens>();
  const listensFor = ({ hash }: RemoteClient) => {
    const known = listensOf.get(hash) ?? newListens(contextOf, modern.notify);
    listensOf.set(hash, known);
    return known;
  };
  return {
    async answer(request, client, body) {
      const { method, params } = Object(body);
      const listens = method === 'subscriptions/listen' ? listensFor(client) : undefined;
      const own = { client, listens: listens !== undefined, end: new AbortController() };
      const listening = [...open].filter((each) => each.listens && each.client.hash === client.hash);
      if (listens && listening.length >= MAX_LISTENS) return tooMany();
      open.add(own);
      const signal = AbortSignal.any([request.signal, own.end.signal]);
      const authInfo = { token: '', clientId: client.name, scopes: [], extra: { client } };
      const response = await modern.fetch(new Request(request, { signal }), { authInfo, parsedBody: body });
      const answer = own.end.signal.aborted ? new Response(null, { status: 401 }) : response;
      const isAccepted = answer.headers.get('content-type') === 'text/event-stream';
      if (isAccepted) await listens?.begin(own, params);
      return withEnd(answer, () => {
        open.delete(own);
        listens?.end(own);
        ended();
      });
    },
    areOpen: () => open.size > 0,
    closeUnless(isValid) {
      for (const { client, end } of open) if (!isValid(client)) end.abort();
    },
    async close() {
      for (const { end } of open) end.abort();
      for (const listens of listensOf.values()) listens.close();
      await modern.close();
    },
  };
}

function tooMany(): Response {
  const message = `There are already ${MAX_LISTENS} requests that listen. End one of them.`;
  return Response.json({ jsonrpc: '2.0', error: { code: -32000, message }, id: null }, { status: 429 });
}

/** The same response; calls `ended` once it has been sent or its reader is gone. */
export function withEnd(response: Response, ended: () => void): Response {
  const { readable, writable } = new TransformStream();
  if (response.body === null) ended();
  else void response.body.pipeTo(writable).then(ended, ended);
  return new Response(response.body && readable, response);
}
