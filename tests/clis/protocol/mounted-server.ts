import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { ActionContext } from '../../../src/acts/common/context.ts';
import { buildServer } from '../../../src/server/build-server.ts';

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
    const body = request.method === 'POST' ? JSON.parse(await textOf(request), renamed) : undefined;
    await transport.handleRequest(request, response, body);
  }

  function renamed(_key: string, value: unknown): unknown {
    return typeof value === 'string' ? (insteadOf[value] ?? value) : value;
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
    const server = buildServer({ version: '0.0.0-test', loadActions: async () => context });
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

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}
