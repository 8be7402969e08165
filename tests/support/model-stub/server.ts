import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export interface Call {
  method: string;
  /** Path and query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface StubServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  url: string;
  port: number;
  close(): Promise<void>;
}

/** Answers by `respond`; an exception gives an answer with status 500. */
export async function startServer(
  respond: (call: Call, response: ServerResponse) => void,
): Promise<StubServer> {
  const server = createServer((request, response) => {
    const { method = 'GET', url: path = '/', headers } = request;
    bytesOf(request)
      .then((body) => respond({ method, path, headers, body: body.toString() }, response))
      .catch((error: unknown) => sendJson(response, 500, { error: { message: String(error) } }));
  });
  return await served(withoutUpgrades(server));
}

/** Serves on the loopback interface only. */
export async function served(server: Server | TlsServer): Promise<StubServer> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, close, [Symbol.asyncDispose]: close };
}

/** Codex tries a WebSocket first; after a refusal it uses plain requests. */
export function withoutUpgrades(server: Server): Server {
  return server.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 426 Upgrade Required\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** The body of a request, unpacked. */
export async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
}
