import type { Resource, ResourceTemplateType, Server } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { type ContextFor, exchangeOf, isModern } from '../../../core/faces/mcp/exchange.ts';
import { InvalidParamsError, onRequest } from '../../../core/faces/mcp/on-request.ts';
import { RESOURCE_KINDS, type ResourceKindName, SESSIONS_URI, uriTemplate } from './kinds.ts';
import { newSubscriptions } from './subscriptions.ts';

const SESSIONS_RESOURCE: Resource = {
  uri: SESSIONS_URI,
  name: 'sessions',
  title: 'All sessions',
  description:
    'Every session of the projects on this machine with its state, those that need the user first.',
  mimeType: 'application/json',
  annotations: { audience: ['user', 'assistant'], priority: 1 },
};

/** Each one watches a few folders and polls every second. */
export const MAX_SUBSCRIPTIONS = 256;

const Page = z.object({ cursor: z.string().optional() });
const Addressed = z.object({ uri: z.string() });

/** Serves sessions as resources, and notifies clients that listed or subscribed to them about changes. */
export function serveResources(server: Server, contextFor: ContextFor): void {
  const list = newSubscriptions();
  const subscriptions = newSubscriptions((count) => {
    if (count < MAX_SUBSCRIPTIONS) return;
    const instead = `Unsubscribe from some, or subscribe to ${SESSIONS_URI}.`;
    throw new InvalidParamsError(`There are already ${MAX_SUBSCRIPTIONS} subscriptions. ${instead}`);
  });
  server.onclose = () => {
    subscriptions.close();
    list.close();
  };
  onRequest(server, 'resources/templates/list', z.object({}), () => ({ resourceTemplates: templates() }));
  onRequest(server, 'resources/list', Page, async ({ cursor }, request) => {
    const context = await contextFor(exchangeOf(server, request));
    const { liveSessions, overviewResource } = await import('./session-rows.ts');
    const { followList } = await import('./live-resources.ts');
    const open = async () => followList(context);
    // Followed before the list is read, so that no change is missed. A modern client sends subscriptions/listen instead.
    if (!isModern(server)) await list.add(SESSIONS_URI, open, () => server.sendResourceListChanged());
    const live = await liveSessions(context);
    return pageOfResources([SESSIONS_RESOURCE, ...live.map(overviewResource)], cursor);
  });
  onRequest(server, 'resources/read', Addressed, async ({ uri }, request) => {
    const { readResource } = await import('./read-resource.ts');
    return await readResource(uri, await contextFor(exchangeOf(server, request)));
  });
  onRequest(server, 'resources/subscribe', Addressed, async ({ uri }, request) => {
    const open = async () => {
      const { followResource } = await import('./live-resources.ts');
      return await followResource(uri, await contextFor(exchangeOf(server, request)));
    };
    // No await before this, so that an unsubscribe right after it takes effect.
    await subscriptions.add(uri, open, () => server.sendResourceUpdated({ uri }));
    return {};
  });
  onRequest(server, 'resources/unsubscribe', Addressed, ({ uri }) => {
    subscriptions.remove(uri);
    return {};
  });
}

function templates(): ResourceTemplateType[] {
  return Object.entries(RESOURCE_KINDS).map(([name, { title, description, mimeType, annotations }]) => {
    const template = uriTemplate(name as ResourceKindName);
    return { uriTemplate: template, name, title, description, mimeType, annotations };
  });
}

const PAGE_SIZE = 50;

/** A part of the list and the cursor of the next one. @throws InvalidParamsError for an unknown cursor */
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
