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
import type { ActionContext } from '../../actions/context.ts';
import type { ContextFor } from '../context-for.ts';
import { type Follow, newSubscriptions } from '../subscriptions.ts';
import { RESOURCE_KINDS, type ResourceKindName, resourceKind } from './kinds.ts';
import { pageOfResources } from './page-of-resources.ts';
import { SESSIONS_URI, uriTemplate } from './resource-uri.ts';

const SESSIONS_RESOURCE: Resource = {
  uri: SESSIONS_URI,
  name: 'sessions',
  title: 'All sessions',
  description: 'Every session of the projects on this machine with its state, what needs the human first.',
  mimeType: 'application/json',
};

/** Sessions to read as resources, and word of every change to whoever listed or subscribed. */
export function serveResources(server: Server, contextFor: ContextFor): void {
  const subscriptions = newSubscriptions((uri) => server.sendResourceUpdated({ uri }));
  const listWatch = onceWatched(() => server.sendResourceListChanged());
  server.onclose = () => {
    subscriptions.close();
    listWatch.end();
  };
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: templates() }));
  server.setRequestHandler(ListResourcesRequestSchema, async ({ params }, extra) => {
    const context = await contextFor(extra);
    const { liveOverviews } = await import('./session-rows.ts');
    // Before the look, so that nothing falls between the two.
    await listWatch.begin(context);
    return pageOfResources([SESSIONS_RESOURCE, ...(await liveOverviews(context))], params?.cursor);
  });
  server.setRequestHandler(ReadResourceRequestSchema, async ({ params: { uri } }, extra) => {
    const { readResource } = await import('./read-resource.ts');
    return await readResource(uri, await contextFor(extra));
  });
  server.setRequestHandler(SubscribeRequestSchema, async ({ params: { uri } }, extra) => {
    const context = await contextFor(extra);
    await subscriptions.add(uri, () => followerOf(uri, context));
    return {};
  });
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params: { uri } }) => {
    subscriptions.remove(uri);
    return {};
  });
}

function templates(): ResourceTemplate[] {
  // Its keys are the type.
  return (Object.keys(RESOURCE_KINDS) as ResourceKindName[]).map((name) => {
    const { title, description, mimeType } = resourceKind(name);
    return { uriTemplate: uriTemplate(name), name, title, description, mimeType };
  });
}

async function followerOf(uri: string, context: ActionContext): Promise<Follow> {
  const [{ locatorOf }, { watchFiles }] = await Promise.all([
    import('./watched-files.ts'),
    import('../../session/watch-files.ts'),
  ]);
  const locate = await locatorOf(uri, context);
  return (signal) => watchFiles(locate, { clock: context.clock, signal });
}

/** The list is watched from the first time that somebody asked for it: nothing is held for nobody. */
function onceWatched(tell: () => Promise<void>) {
  let begun: Promise<void> | undefined;
  const end = new AbortController();
  const begin = async (context: ActionContext): Promise<void> => {
    const { watchList } = await import('./list-watch.ts');
    await new Promise<void>((resolve) => {
      const options = { signal: end.signal, tell, begun: resolve };
      // A failure ends the watch and nothing else; the next one who asks begins it anew.
      watchList(context, options).catch((error) => {
        begun = undefined;
        resolve();
        if (!end.signal.aborted) process.stderr.write(`${String(error)}\n`);
      });
    });
  };
  return {
    begin: (context: ActionContext) => (begun ??= begin(context)),
    end: () => end.abort(),
  };
}
