import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { MessagesRequest, ModelReply } from './messages.ts';
import { sendReply } from './wire.ts';

export interface ModelServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, for ANTHROPIC_BASE_URL. */
  url: string;
  /** Every body posted to `/v1/messages`, in order. */
  requests: readonly MessagesRequest[];
  close(): Promise<void>;
}

/**
 * Serves the part of the Messages API that Claude Code uses, on the loopback interface alone.
 * @param answer what the model says to one request
 */
export async function startModelServer(
  answer: (request: MessagesRequest) => ModelReply,
): Promise<ModelServer> {
  const requests: MessagesRequest[] = [];
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ type: 'error', error: { type: 'stub_fault', message: String(error) } }));
    });
  });

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://stub');
    const body = await readBody(request);
    if (request.method === 'POST' && pathname === '/v1/messages') {
      const asked: MessagesRequest = JSON.parse(body);
      requests.push(asked);
      sendReply(response, asked, answer(asked));
      return;
    }
    if (request.method === 'POST' && pathname === '/v1/messages/count_tokens') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ input_tokens: Math.ceil(body.length / 4) }));
      return;
    }
    response.writeHead(request.method === 'HEAD' ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ type: 'error', error: { type: 'not_found_error', message: pathname } }));
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (!address || typeof address === 'string') throw new Error('The stub has no port.');
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${address.port}`, requests, close, [Symbol.asyncDispose]: close };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}
