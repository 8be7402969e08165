import type { ServerNotifier } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { MAX_SUBSCRIPTIONS } from './serve-resources.ts';
import { newSubscriptions } from './subscriptions.ts';

/** Sends a notification to those that listen to it. */
type Notifier = Pick<ServerNotifier, 'resourceUpdated' | 'resourcesChanged'>;

export interface Listens {
  /**
   * @param key that later ends it
   * @param params of `subscriptions/listen` or of its acknowledgement
   * @returns once no later change can be missed
   */
  begin(key: unknown, params: unknown): Promise<void>;
  end(key: unknown): void;
  close(): void;
}

/** As many requests of one client may listen at a time. */
export const MAX_LISTENS = 32;

const Listen = z.object({
  notifications: z.object({
    resourceSubscriptions: z.array(z.string()).default([]),
    resourcesListChanged: z.boolean().default(false),
  }),
});

/** The key of the list of resources among the addresses that are followed. */
const THE_LIST = 'resources/list';

/**
 * Follows whatever one client of the modern era listens to. The SDK answers these requests and filters the notifications;
 * the server never sees them.
 */
export function newListens(contextOf: () => Promise<ActionContext>, notifier: Notifier): Listens {
  const listens = new Map<unknown, ReadonlySet<string>>();
  const listeners = new Map<string, number>();
  const followed = newSubscriptions((count) => {
    if (count >= MAX_SUBSCRIPTIONS) throw new Error(`There are already ${MAX_SUBSCRIPTIONS} subscriptions.`);
  });
  const end = (key: unknown) => {
    for (const name of listens.get(key) ?? []) {
      const left = (listeners.get(name) ?? 1) - 1;
      if (left > 0) listeners.set(name, left);
      else {
        listeners.delete(name);
        followed.remove(name);
      }
    }
    listens.delete(key);
  };
  return {
    async begin(key, params) {
      end(key);
      const names = namesIn(params);
      listens.set(key, names);
      for (const name of names) listeners.set(name, (listeners.get(name) ?? 0) + 1);
      // An unknown address, or one above the maximum, has no changes.
      await Promise.allSettled([...names].map(follow));
    },
    end,
    close: followed.close,
  };

  async function follow(name: string): Promise<void> {
    const open = async () => {
      const { followList, followResource } = await import('./live-resources.ts');
      const context = await contextOf();
      return name === THE_LIST ? followList(context) : await followResource(name, context);
    };
    await followed.add(name, open, async () =>
      name === THE_LIST ? notifier.resourcesChanged() : notifier.resourceUpdated(name),
    );
  }
}

function namesIn(params: unknown): ReadonlySet<string> {
  const { data } = Listen.safeParse(params);
  if (data === undefined) return new Set();
  const { resourceSubscriptions, resourcesListChanged } = data.notifications;
  return new Set([...resourceSubscriptions, ...(resourcesListChanged ? [THE_LIST] : [])]);
}
