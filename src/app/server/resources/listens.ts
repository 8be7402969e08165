import type { ServerNotifier } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { MAX_SUBSCRIPTIONS } from './serve-resources.ts';
import { newSubscriptions } from './subscriptions.ts';

/** Sends a notification to those that listen to it. */
type Notifier = Pick<ServerNotifier, 'resourceUpdated' | 'resourcesChanged'>;

export interface Listens {
  /** @param key that later ends it @param params of a request `subscriptions/listen`, as the client sent them */
  begin(key: unknown, params: unknown): void;
  end(key: unknown): void;
  close(): void;
}

const Listen = z.object({
  notifications: z.object({
    resourceSubscriptions: z.array(z.string()).default([]),
    resourcesListChanged: z.boolean().default(false),
  }),
});

/** Stands for the list of resources among the addresses that are followed. */
const THE_LIST = 'resources/list';

/**
 * Follows whatever clients of the modern era listen to. The SDK answers these requests and filters the notifications; it
 * passes no request to the server.
 * @param contextOf creates the action context of a request
 */
export function newListens(
  contextOf: (params: unknown) => Promise<ActionContext>,
  notifier: Notifier,
): Listens {
  const listens = new Map<unknown, ReadonlySet<string>>();
  const followed = newSubscriptions((count) => {
    if (count >= MAX_SUBSCRIPTIONS) throw new Error(`There are already ${MAX_SUBSCRIPTIONS} subscriptions.`);
  });
  return {
    begin(key, params) {
      const names = namesIn(params);
      listens.set(key, names);
      // An unknown address has no changes.
      for (const name of names) void follow(name, params).catch(() => undefined);
    },
    end(key) {
      const names = listens.get(key) ?? [];
      listens.delete(key);
      const others = [...listens.values()];
      for (const name of names) if (!others.some((each) => each.has(name))) followed.remove(name);
    },
    close: followed.close,
  };

  async function follow(name: string, params: unknown): Promise<void> {
    if (name === THE_LIST) return await followTheList(params);
    const open = async () => {
      const { followResource } = await import('./live-resources.ts');
      return await followResource(name, await contextOf(params));
    };
    await followed.add(name, open, async () => notifier.resourceUpdated(name));
  }

  async function followTheList(params: unknown): Promise<void> {
    const { followList } = await import('./live-resources.ts');
    const { liveSessions } = await import('./session-rows.ts');
    const context = await contextOf(params);
    const listed = new Set<string>();
    await followed.add(
      THE_LIST,
      async () => followList(context, listed),
      async () => notifier.resourcesChanged(),
    );
    for (const { view } of await liveSessions(context)) listed.add(view.paths.sessionDir);
  }
}

function namesIn(params: unknown): ReadonlySet<string> {
  const { data } = Listen.safeParse(params);
  const { resourceSubscriptions = [], resourcesListChanged } = data?.notifications ?? {};
  return new Set([...resourceSubscriptions, ...(resourcesListChanged ? [THE_LIST] : [])]);
}
