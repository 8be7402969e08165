import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  ErrorCode,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  type Resource,
  type ServerNotification,
  type ServerRequest,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { ActionContext } from '../actions/context.ts';
import { SamocodeError } from '../base/errors.ts';
import { newSubscriptions } from './subscriptions.ts';

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;
type ContextFor = (extra: Extra) => Promise<ActionContext>;

const PREFIX = 'samocode://sessions/';
const MIME_TYPE = 'text/markdown';
const MAX_LISTED = 100;

/** The notebooks of sessions as resources, and word of every transition to whoever subscribed. */
export function serveSessionResources(server: Server, contextFor: ContextFor): void {
  const subscriptions = newSubscriptions((uri) => server.sendResourceUpdated({ uri }));
  server.onclose = () => subscriptions.close();
  server.setRequestHandler(ListResourcesRequestSchema, async (_request, extra) => ({
    resources: await listOverviews(await contextFor(extra)),
  }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [
      {
        uriTemplate: `${PREFIX}{name}/overview`,
        name: 'overview',
        title: 'Notebook of a session',
        description: "A session's _overview.md: task, status, flow log, files and plans.",
        mimeType: MIME_TYPE,
      },
    ],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, async ({ params: { uri } }, extra) => {
    const text = await readOverviewOf(uri, await contextFor(extra));
    return { contents: [{ uri, mimeType: MIME_TYPE, text }] };
  });
  server.setRequestHandler(SubscribeRequestSchema, async ({ params: { uri } }, extra) => {
    const actions = await contextFor(extra);
    const { findSession } = await import('../actions/find-session.ts');
    const view = await asProtocolError(findSession({ session: sessionIn(uri) }, actions));
    const { watchFile } = await import('../session/watch.ts');
    const { clock } = actions;
    subscriptions.add(uri, (signal) => watchFile(view.paths.overview, { clock, signal }));
    return {};
  });
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params: { uri } }) => {
    subscriptions.remove(uri);
    return {};
  });
}

async function listOverviews(context: ActionContext): Promise<Resource[]> {
  const { lookAtSessions } = await import('../actions/list-sessions.ts');
  const { statusSentence } = await import('../actions/status-sentence.ts');
  try {
    const { sessions } = await lookAtSessions({}, context);
    return sessions.slice(0, MAX_LISTED).map((view) => ({
      uri: `${PREFIX}${encodeURIComponent(view.folder)}/overview`,
      name: view.folder,
      description: statusSentence(view),
      mimeType: MIME_TYPE,
    }));
  } catch (error) {
    // Clients ask this at their start, in any folder: no project is no failure.
    if (error instanceof SamocodeError) return [];
    throw error;
  }
}

async function readOverviewOf(uri: string, context: ActionContext): Promise<string> {
  const { readNotebook } = await import('../actions/read-notebook.ts');
  return await asProtocolError(readNotebook({ session: sessionIn(uri) }, context));
}

function sessionIn(uri: string): string {
  const name = uri.startsWith(PREFIX)
    ? /^([^/?#]+)\/overview$/.exec(uri.slice(PREFIX.length))?.[1]
    : undefined;
  if (name === undefined) {
    throw new McpError(ErrorCode.InvalidParams, `Resources are called ${PREFIX}{name}/overview.`);
  }
  return decodeURIComponent(name);
}

async function asProtocolError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof SamocodeError) throw new McpError(ErrorCode.InvalidParams, error.message);
    throw error;
  }
}
