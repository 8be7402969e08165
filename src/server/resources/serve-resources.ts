import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ReadResourceRequestSchema,
  type Resource,
  type ResourceTemplate,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { ActionContext } from '../../actions/acting/context.ts';
import type { ContextFor } from '../calls/context-for.ts';
import { InvalidParamsError } from '../calls/invalid-params.ts';
import { onRequest } from '../calls/on-request.ts';
import { RESOURCE_KINDS, type ResourceKindName, resourceKind } from './kinds.ts';
import type { ListWatch } from './list-watch.ts';
import { SESSIONS_URI, uriTemplate } from './resource-uri.ts';
import { type Follow, newSubscriptions } from './subscriptions.ts';

const SESSIONS_RESOURCE: Resource = {
  uri: SESSIONS_URI,
  name: 'sessions',
  title: 'All sessions',
  description:
    'Every session of the projects on this machine with its state, those that need the user first.',
  mimeType: 'application/json',
  annotations: { audience: ['user', 'assistant'], priority: 1 },
};

/** Sessions to read as resources, and word of every change to whoever listed or subscribed. */
export function serveResources(server: Server, contextFor: ContextFor): void {
  const subscriptions = newSubscriptions((uri) => server.sendResourceUpdated({ uri }));
  const listWatch = onceWatched(() => server.sendResourceListChanged());
  server.onclose = () => {
    subscriptions.close();
    listWatch.end();
  };
  onRequest(server, ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: templates() }));
  onRequest(server, ListResourcesRequestSchema, async ({ params }, extra) => {
    const context = await contextFor(extra);
    const { liveSessions, overviewResource } = await import('./session-rows.ts');
    // Before the look, so that nothing falls between the two.
    const watch = await listWatch.of(context);
    const live = await liveSessions(context);
    watch.listed(live.map(({ view }) => view));
    return pageOfResources([SESSIONS_RESOURCE, ...live.map(overviewResource)], params?.cursor);
  });
  onRequest(server, ReadResourceRequestSchema, async ({ params: { uri } }, extra) => {
    const { readResource } = await import('./read-resource.ts');
    return await readResource(uri, await contextFor(extra));
  });
  onRequest(server, SubscribeRequestSchema, async ({ params: { uri } }, extra) => {
    // At once, so that an unsubscribe right behind it finds it.
    await subscriptions.add(uri, async () => await followerOf(uri, await contextFor(extra)));
    return {};
  });
  onRequest(server, UnsubscribeRequestSchema, ({ params: { uri } }) => {
    subscriptions.remove(uri);
    return {};
  });
}

function templates(): ResourceTemplate[] {
  // Its keys are the type.
  return (Object.keys(RESOURCE_KINDS) as ResourceKindName[]).map((name) => {
    const { title, description, mimeType, annotations } = resourceKind(name);
    return { uriTemplate: uriTemplate(name), name, title, description, mimeType, annotations };
  });
}

async function followerOf(uri: string, context: ActionContext): Promise<Follow> {
  const [{ locatorOf }, { watchFiles }] = await Promise.all([
    import('./watched-files.ts'),
    import('../../session/watching/watch-files.ts'),
  ]);
  const locate = await locatorOf(uri, context);
  return (signal) => watchFiles(locate, { clock: context.clock, signal });
}

/** The list is watched from the first time that a client asks for it. */
function onceWatched(tell: () => Promise<void>) {
  const end = new AbortController();
  let begun: Promise<ListWatch> | undefined;
  const begin = async (context: ActionContext): Promise<ListWatch> => {
    const { newListWatch } = await import('./list-watch.ts');
    const watch = newListWatch(context, { signal: end.signal, tell });
    await watch.begin();
    return watch;
  };
  return {
    of(context: ActionContext): Promise<ListWatch> {
      begun ??= begin(context).catch((error) => {
        // The next one who asks begins it anew.
        begun = undefined;
        throw error;
      });
      return begun;
    },
    end: () => end.abort(),
  };
}

const PAGE_SIZE = 50;

/** A part of the list and the cursor of the next one. @throws InvalidParamsError for a cursor that it never gave out */
function pageOfResources(
  all: readonly Resource[],
  cursor: string | undefined,
): { resources: Resource[]; nextCursor?: string } {
  if (cursor !== undefined && !/^[1-9]\d{0,5}$/.test(cursor)) {
    throw new InvalidParamsError('The cursor is not from resources/list. Leave it out to start again.');
  }
  const from = Number(cursor ?? 0);
  const end = from + PAGE_SIZE;
  return { resources: all.slice(from, end), ...(end < all.length && { nextCursor: String(end) }) };
}
