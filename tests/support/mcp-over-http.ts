import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { ActionContext } from '../../src/core/caller/context/context.ts';
import { runWeb, WEB_DEFAULTS, type WebRequest } from '../../src/extensions/pages/web/server/run-web.ts';
import { addToken } from '../../src/extensions/pages/web/server/tokens.ts';
import { freePort } from './free-port.ts';
import { INITIALIZE } from './raw-server.ts';

/** `samocode web --mcp` in this process, and clients elsewhere. */
export interface McpRig extends AsyncDisposable {
  url: string;
  /** Of the page. */
  address: string;
  pageKey: string;
  ended: Promise<void>;
  addToken(name: string, isReadOnly?: boolean): Promise<string>;
  /** @param noStream the client opens no stream of notifications */
  connect(token: string, options?: { noStream?: boolean; capabilities?: object }): Promise<Client>;
  connectModern(token: string, capabilities?: object): Promise<ModernClient>;
  /** One HTTP request to /mcp. */
  post(token: string, message: object, headers?: Record<string, string>): Promise<Response>;
  /** The stream of notifications of a session. */
  listen(token: string, id: string): Promise<Response>;
  /** Begins a session. @returns its id */
  begin(token: string): Promise<string>;
}

export async function mcpRig(context: ActionContext): Promise<McpRig> {
  const stop = new AbortController();
  const failed = (error: unknown) => {
    throw error;
  };
  const request = { ...WEB_DEFAULTS, port: await freePort(), mcp: 'port', interrupted: stop.signal, failed };
  const { served, newCode, ended = Promise.resolve() } = await runWeb(request as WebRequest, context);
  const { mcp: url = '', address } = served;
  const body = JSON.stringify({ code: await newCode('address') });
  const pageKey = await (await fetch(`${address}key`, { method: 'POST', body })).text();
  const clients: { close(): Promise<void> }[] = [];
  const post: McpRig['post'] = async (token, message, headers = {}) =>
    await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body: JSON.stringify(message),
    });
  return {
    url,
    address,
    pageKey,
    ended,
    post,
    addToken: async (name, isReadOnly = false) => await addToken({ name, isReadOnly }, context),
    async connect(token, { noStream = false, capabilities = {} } = {}) {
      const headers = { authorization: `Bearer ${token}` };
      const transport = new StreamableHTTPClientTransport(new URL(url), {
        requestInit: { headers },
        ...(noStream && { fetch: withoutStream }),
      });
      const client = new Client({ name: 'far', version: '1' }, { capabilities });
      // The SDK's own class does not match its own interface under exactOptionalPropertyTypes.
      await client.connect(transport as Transport);
      clients.push(client);
      return client;
    },
    async connectModern(token, capabilities = {}) {
      const requestInit = { headers: { authorization: `Bearer ${token}` } };
      const versionNegotiation = { mode: 'auto' } as const;
      const client = new ModernClient({ name: 'far', version: '2' }, { capabilities, versionNegotiation });
      await client.connect(new ModernTransport(new URL(url), { requestInit }));
      clients.push(client);
      return client;
    },
    async listen(token, id) {
      const authorization = `Bearer ${token}`;
      return await fetch(url, {
        headers: { authorization, accept: 'text/event-stream', 'mcp-session-id': id },
      });
    },
    async begin(token) {
      const response = await post(token, INITIALIZE);
      await response.text();
      return response.headers.get('mcp-session-id') ?? '';
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close();
      stop.abort();
      await ended;
    },
  };
}

const withoutStream: typeof fetch = async (url, init) =>
  init?.method === 'GET' ? new Response(null, { status: 405 }) : await fetch(url, init);
