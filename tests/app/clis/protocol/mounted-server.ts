import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, request as requestTo, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { buildServer } from '../../../../src/app/server/build-server.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { mcpRig } from '../../../support/mcp-over-http.ts';

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

/** `samocode web --mcp`, behind what adds a token and replaces the names. */
export async function mountWeb(
  context: ActionContext,
  insteadOf: Readonly<Record<string, string>> = {},
): Promise<MountedServer> {
  const rig = await mcpRig(context);
  const authorization = `Bearer ${await rig.addToken('suite')}`;
  const http = createServer(async (request, response) => {
    const { method = '', headers } = request;
    const body = method === 'POST' ? JSON.stringify(await bodyOf(request, insteadOf)) : '';
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    const { 'transfer-encoding': _, ...others } = headers;
    const named = String(headers['mcp-name'] ?? '');
    if (insteadOf[named]) others['mcp-name'] = insteadOf[named];
    const forwarded = requestTo(rig.url, { method, headers: { ...others, authorization, ...length } });
    forwarded.on('error', () => response.destroy());
    forwarded.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      response.flushHeaders();
      void pipeline(answer, response).catch(() => undefined);
    });
    response.on('close', () => forwarded.destroy());
    forwarded.end(body);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      });
      await rig[Symbol.asyncDispose]();
    },
  };
}

async function bodyOf(request: IncomingMessage, insteadOf: Readonly<Record<string, string>>) {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return JSON.parse(Buffer.concat(pieces).toString('utf8'), (_key, value: unknown) =>
    typeof value === 'string' ? (insteadOf[value] ?? value) : value,
  );
}
