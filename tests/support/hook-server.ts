import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Notification } from '../../src/extensions/notify/notice/notification.ts';

export interface Post {
  atMs: number;
  headers: IncomingHttpHeaders;
  path: string | undefined;
  body: string;
  notifications: Notification[];
}

/** Its response to the next posts: a status with headers, or none at all. */
type Answer = { status: number; headers?: Record<string, string> } | 'hangs';

/** A receiver of webhooks on 127.0.0.1. */
export interface HookServer extends AsyncDisposable {
  url: string;
  /** Every post, including refused ones. */
  posts: Post[];
  /** The accepted ones. */
  accepted: Post[];
  answer: Answer;
  /** `id` of every accepted notification, in order. */
  ids(): string[];
}

export async function hookServer(): Promise<HookServer> {
  const posts: Post[] = [];
  const accepted: Post[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts).toString('utf8');
    const { notifications } = JSON.parse(body);
    const post = { atMs: Date.now(), headers: request.headers, path: request.url, body, notifications };
    posts.push(post);
    if (hook.answer === 'hangs') return;
    const { status, headers } = hook.answer;
    if (status < 300) accepted.push(post);
    response.writeHead(status, headers).end('ignored');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const hook: HookServer = {
    url: `http://127.0.0.1:${port}/hook`,
    posts,
    accepted,
    answer: { status: 204 },
    ids: () => accepted.flatMap(({ notifications }) => notifications.map(({ id }) => id)),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return hook;
}
