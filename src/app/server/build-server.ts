import type { Server } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { chatInMeta, foldersInMeta } from '../../core/faces/mcp/call-meta.ts';
import type { ChatTasks } from '../../core/faces/mcp/chat-tasks.ts';
import { clientFolders } from '../../core/faces/mcp/client-folders.ts';
import { type ContextFor, type Exchange, exchangeOf } from '../../core/faces/mcp/exchange.ts';
import { InvalidParamsError, onRequest } from '../../core/faces/mcp/on-request.ts';
import { waitLimitMs } from '../../core/faces/mcp/wait-limits.ts';
import { fromExtensions } from '../../core/kernel/extension.ts';
import { cleanText } from '../../core/kernel/text.ts';
import { HAS_TASKS } from '../extensions/handshake.ts';
import { newServer, offersTasks, type ServerOffer } from './new-server.ts';
import type { PromptChoice } from './prompts/prompts.ts';
import { isSessionArgument, servePrompts } from './prompts/serve-prompts.ts';
import { isResourceKind, RESOURCE_KINDS, uriTemplate } from './resources/kinds.ts';
import { serveResources } from './resources/serve-resources.ts';
import { serveTasks } from './serve-tasks.ts';
import { serveTools } from './serve-tools.ts';

export interface ServerDeps extends Omit<ServerOffer, 'hasTasks'> {
  /** Called by each request that needs it, so that the handshake does not wait for it. */
  loadActions(): Promise<Omit<ActionContext, 'by' | 'roots'>>;
}

export interface BuiltServer {
  server: Server;
  contextFor: ContextFor;
}

/** The MCP server without a transport, ready for every request. */
export function buildServer(deps: ServerDeps): BuiltServer {
  const server = newServer({ ...deps, hasTasks: HAS_TASKS });
  return { server, contextFor: serveRequests(server, deps) };
}

/** Answers the requests of a server. Its state: subscriptions, calls that wait for their client, and its folders. */
export function serveRequests(server: Server, deps: ServerDeps): ContextFor {
  const { isReadOnly = false, prompts = 'sessions' } = deps;
  const load = offersTasks({ ...deps, hasTasks: HAS_TASKS }) ? fromExtensions('newChatTasks')[0] : undefined;
  let made: Promise<ChatTasks> | undefined;
  const tasks =
    load &&
    (() => {
      made ??= load();
      return made;
    });
  const folders = clientFolders();
  const contextFor: ContextFor = async (exchange) => {
    const actions = await deps.loadActions();
    const longestMs = waitLimitMs(exchange.client.name, Number.MAX_SAFE_INTEGER);
    return {
      ...actions,
      callEndsAtMs: actions.clock.monotonic() + longestMs,
      by: { channel: 'tool', ...clientIn(exchange) },
      roots: [...foldersInMeta(exchange.meta), ...(await folders.read(exchange))],
      chatCall: chatInMeta(exchange.meta),
    };
  };
  server.setNotificationHandler('notifications/roots/list_changed', () => folders.forget());
  serveTools(server, contextFor, { isReadOnly, tasks });
  if (tasks) serveTasks(server, contextFor, tasks);
  serveResources(server, contextFor);
  if (prompts !== 'none') servePrompts(server, contextFor, prompts);
  serveCompletions(server, contextFor, prompts);
  return contextFor;
}

function clientIn({ client: { name } }: Exchange): { client?: string } {
  return name ? { client: cleanText(name).slice(0, 100) } : {};
}

const Completion = z.object({
  ref: z.discriminatedUnion('type', [
    z.object({ type: z.literal('ref/resource'), uri: z.string() }),
    z.object({ type: z.literal('ref/prompt'), name: z.string() }),
  ]),
  argument: z.object({ name: z.string(), value: z.string() }),
});

function serveCompletions(server: Server, contextFor: ContextFor, prompts: PromptChoice): void {
  onRequest(server, 'completion/complete', Completion, async ({ ref, argument }, context) => {
    const isSession =
      ref.type === 'ref/resource'
        ? isSessionIn(ref.uri, argument.name)
        : await isSessionArgument(ref.name, argument.name, prompts);
    if (!isSession) return { completion: { values: [], total: 0, hasMore: false } };
    const { completeSession } = await import('../../core/acts/reading/complete-session.act.ts');
    return {
      completion: await completeSession(argument.value, await contextFor(exchangeOf(server, context))),
    };
  });
}

function isSessionIn(uri: string, argument: string): boolean {
  const kind = uri.split('/').at(-1) ?? '';
  if (!isResourceKind(kind) || uri !== uriTemplate(kind)) {
    const known = Object.keys(RESOURCE_KINDS).join(', ');
    throw new InvalidParamsError(`Only ${uriTemplate('overview')} and the like can be completed: ${known}.`);
  }
  return argument === 'name';
}
