import { type ProtocolEra, Server } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { chatInMeta, foldersInMeta } from '../../core/faces/mcp/call-meta.ts';
import { type ChatTasks, TASKS_EXTENSION } from '../../core/faces/mcp/chat-tasks.ts';
import { clientFolders } from '../../core/faces/mcp/client-folders.ts';
import { type ContextFor, type Exchange, exchangeOf } from '../../core/faces/mcp/exchange.ts';
import { InvalidParamsError, onRequest } from '../../core/faces/mcp/on-request.ts';
import { waitLimitMs } from '../../core/faces/mcp/wait-limits.ts';
import { fromExtensions } from '../../core/kernel/extension.ts';
import { cleanText } from '../../core/kernel/text.ts';
import type { PromptChoice } from './prompts/prompts.ts';
import { isSessionArgument, servePrompts } from './prompts/serve-prompts.ts';
import { isResourceKind, RESOURCE_KINDS, uriTemplate } from './resources/kinds.ts';
import { serveResources } from './resources/serve-resources.ts';
import { serveTasks } from './serve-tasks.ts';
import { serveTools } from './serve-tools.ts';
import { INSTRUCTIONS, READ_ONLY_INSTRUCTIONS, serverInfo } from './server-info.ts';

export interface ServerDeps {
  version: string;
  /** By default the one in which a connection begins with `initialize`. */
  era?: ProtocolEra;
  /** Offers only the read-only tools. */
  isReadOnly?: boolean;
  /** By default those about sessions. */
  prompts?: PromptChoice;
  /** Called by each request that needs it, so that the handshake does not wait for it. */
  loadActions(): Promise<Omit<ActionContext, 'by' | 'roots'>>;
}

export interface BuiltServer {
  server: Server;
  contextFor: ContextFor;
}

/** The MCP server without a transport. Its state: subscriptions, calls that wait for their client, and its folders. */
export function buildServer(deps: ServerDeps): BuiltServer {
  const { era = 'legacy', isReadOnly = false, prompts = 'sessions' } = deps;
  // A server that only reads answers no form.
  const load = era === 'modern' && !isReadOnly ? fromExtensions('newChatTasks')[0] : undefined;
  let made: Promise<ChatTasks> | undefined;
  const tasks =
    load &&
    (() => {
      made ??= load();
      return made;
    });
  const server = new Server(serverInfo(deps.version, era), {
    capabilities: {
      tools: {},
      resources: { subscribe: true, listChanged: true },
      ...(prompts !== 'none' && { prompts: {} }),
      completions: {},
      ...(tasks && { extensions: { [TASKS_EXTENSION]: {} } }),
    },
    instructions: isReadOnly ? READ_ONLY_INSTRUCTIONS : INSTRUCTIONS,
    // Form results are validated where they are read; the default validator takes a third of the startup time.
    jsonSchemaValidator: { getValidator: () => () => NO_VALIDATION },
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
  return { server, contextFor };
}

const NO_VALIDATION = {
  valid: false as const,
  data: undefined,
  errorMessage: 'Forms are not checked by the SDK.',
};

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
