import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createAdaptorServer } from '@hono/node-server';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { buildServer } from '../../../../src/app/server/build-server.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';

export interface MountedServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>/mcp` */
  url: string;
}

/**
 * The server that people use over stdio, mounted on HTTP because the conformance suite supports nothing else.
 * @param insteadOf names in requests, and their replacements
 */
export async function mountServer(
  context: ActionContext,
  insteadOf: Readonly<Record<string, string>> = {},
): Promise<MountedServer> {
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const http = createServer((request, response) => {
    answer(request, response).catch((error) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  const port = typeof address === 'object' ? address?.port : undefined;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = String(request.headers['mcp-session-id'] ?? '');
    const known = transports.get(id);
    if (id && !known) {
      response.writeHead(404).end();
      return;
    }
    const transport = known ?? (await begin());
    const body = request.method === 'POST' ? await bodyOf(request, insteadOf) : undefined;
    await transport.handleRequest(request, response, body);
  }

  async function begin(): Promise<StreamableHTTPServerTransport> {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => {
        transports.set(id, transport);
      },
      enableDnsRebindingProtection: true,
      allowedHosts: [`127.0.0.1:${port}`, `localhost:${port}`],
      allowedOrigins: [`http://127.0.0.1:${port}`, `http://localhost:${port}`],
    });
    const { server } = buildServer({ version: '0.0.0-test', loadActions: async () => context });
    // The SDK's own class does not match its own interface under exactOptionalPropertyTypes.
    await server.connect(transport as Transport);
    return transport;
  }

  return {
    url: `http://127.0.0.1:${port}/mcp`,
    async [Symbol.asyncDispose]() {
      for (const transport of transports.values()) await transport.close();
      await new Promise<void>((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      });
    },
  };
}

/** The same for the revision in which each request stands alone: a server for each of them. */
export async function mountModern(
  context: ActionContext,
  insteadOf: Readonly<Record<string, string>> = {},
): Promise<MountedServer> {
  const { by: _, ...actions } = context;
  const loadActions = async () => actions;
  const modern = createMcpHandler(
    () => buildServer({ version: '0.0.0-test', era: 'modern', loadActions }).server,
    { legacy: 'reject' },
  );
  const http = createAdaptorServer({
    async fetch(request) {
      const parsedBody =
        request.method === 'POST' ? replaced(await request.clone().text(), insteadOf) : undefined;
      const headers = new Headers(request.headers);
      const name = headers.get('mcp-name') ?? '';
      if (insteadOf[name]) headers.set('mcp-name', insteadOf[name]);
      return await modern.fetch(new Request(request, { headers }), { parsedBody });
    },
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    async [Symbol.asyncDispose]() {
      await modern.close();
      await new Promise<void>((resolve) => {
        http.close(() => resolve());
        if ('closeAllConnections' in http) http.closeAllConnections();
      });
    },
  };
}

async function bodyOf(request: IncomingMessage, insteadOf: Readonly<Record<string, string>>) {
  return replaced(await text(request), insteadOf);
}

function replaced(body: string, insteadOf: Readonly<Record<string, string>>) {
  return JSON.parse(body, (key, value: unknown) => {
    // In the newer revision the suite announces folders, and does not answer a call that asks for them.
    if (key === 'roots') return undefined;
    return typeof value === 'string' ? (insteadOf[value] ?? value) : value;
  });
}
