import type { Notification } from '../../src/extensions/notify/notice/notification.ts';
import { type Call, startServer } from './model-stub/server.ts';

export interface Post extends Call {
  atMs: number;
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
  const server = await startServer((call, response) => {
    const { notifications } = JSON.parse(call.body);
    const post = { atMs: Date.now(), ...call, notifications };
    posts.push(post);
    if (hook.answer === 'hangs') return;
    const { status, headers } = hook.answer;
    if (status < 300) accepted.push(post);
    response.writeHead(status, headers).end('ignored');
  });
  const hook: HookServer = {
    url: `${server.url}/hook`,
    posts,
    accepted,
    answer: { status: 204 },
    ids: () => accepted.flatMap(({ notifications }) => notifications.map(({ id }) => id)),
    [Symbol.asyncDispose]: server.close,
  };
  return hook;
}
