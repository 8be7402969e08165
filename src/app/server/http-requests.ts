import { createMcpHandler, type Server } from '@modelcontextprotocol/server';
import type { ActionContext } from '../../core/caller/context/context.ts';
import type { RemoteClient } from '../../core/kit/http-sessions.ts';
import { newListens } from './resources/listens.ts';

export interface HttpRequests {
  /** @param body of the request, as parsed JSON */
  answer(request: Request, client: RemoteClient, body: unknown): Promise<Response>;
  /** Whether any answer is being sent. */
  areOpen(): boolean;
  /** Ends the answers to other clients. */
  closeUnless(isValid: (client: RemoteClient) => boolean): void;
  close(): Promise<void>;
}

interface OpenRequest {
  client: RemoteClient;
  end: AbortController;
}

const MAX_LISTENS = 32;

/** Serves the modern era over HTTP, where each request stands alone and gets a server for itself. */
export function httpRequests(
  build: (client: RemoteClient) => Server,
  context: Omit<ActionContext, 'by' | 'roots'>,
): HttpRequests {
  const open = new Set<OpenRequest>();
  const modern = createMcpHandler(({ authInfo }) => build(authInfo?.extra?.client as RemoteClient), {
    legacy: 'reject',
    maxSubscriptions: MAX_LISTENS,
  });
  const contextOf = async (): Promise<ActionContext> => ({ ...context, by: { channel: 'tool' }, roots: [] });
  const listens = newListens(contextOf, modern.notify);
  return {
    async answer(request, client, body) {
      const own = { client, end: new AbortController() };
      open.add(own);
      const { method, params } = Object(body);
      if (method === 'subscriptions/listen') listens.begin(own, params);
      const signal = AbortSignal.any([request.signal, own.end.signal]);
      const authInfo = { token: '', clientId: client.name, scopes: [], extra: { client } };
      const response = await modern.fetch(new Request(request, { signal }), { authInfo, parsedBody: body });
      return withEnd(response, () => {
        open.delete(own);
        listens.end(own);
      });
    },
    areOpen: () => open.size > 0,
    closeUnless(isValid) {
      for (const { client, end } of open) if (!isValid(client)) end.abort();
    },
    async close() {
      for (const { end } of open) end.abort();
      listens.close();
      await modern.close();
    },
  };
}

/** The same response; calls `ended` once it has been sent or its reader is gone. */
export function withEnd(response: Response, ended: () => void): Response {
  const { readable, writable } = new TransformStream();
  if (response.body === null) ended();
  else void response.body.pipeTo(writable).then(ended, ended);
  return new Response(response.body && readable, response);
}
