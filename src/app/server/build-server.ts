import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CompleteRequestSchema,
  RootsListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { cleanText } from '../../core/kernel/text.ts';
import { clientFolders, foldersInMeta } from '../../core/kit/mcp/client-folders.ts';
import { type ContextFor, InvalidParamsError, onRequest } from '../../core/kit/mcp/on-request.ts';
import { isSessionArgument, servePrompts } from './prompts/serve-prompts.ts';
import { isResourceKind, RESOURCE_KINDS, uriTemplate } from './resources/kinds.ts';
import { serveResources } from './resources/serve-resources.ts';
import { serveTools } from './serve-tools.ts';
import { INSTRUCTIONS, READ_ONLY_INSTRUCTIONS, REMOTE_INSTRUCTIONS, serverInfo } from './server-info.ts';

export interface ServerDeps {
  version: string;
  /** Offers only the read-only tools. */
  isReadOnly?: boolean;
  /** False if the client's plugin offers the prompts as commands. */
  hasPrompts?: boolean;
  /** The name of a client on another machine, which has no folders here and can't set up projects. */
  remote?: string;
  /** Called on the first request, so that the handshake does not wait for it. */
  loadActions(): Promise<Omit<ActionContext, 'by' | 'roots'>>;
}

/** The MCP server without a transport; its only state is its subscriptions. */
export function buildServer(deps: ServerDeps): Server {
  const { isReadOnly = false, hasPrompts = true, remote } = deps;
  const isRemote = remote !== undefined;
  const server = new Server(serverInfo(deps.version), {
    capabilities: {
      tools: {},
      resources: { subscribe: true, listChanged: true },
      ...(hasPrompts && { prompts: {} }),
      completions: {},
    },
    instructions: isReadOnly ? READ_ONLY_INSTRUCTIONS : isRemote ? REMOTE_INSTRUCTIONS : INSTRUCTIONS,
    // Form results are validated where they are read; the default validator takes a third of the startup time.
    jsonSchemaValidator: { getValidator: () => () => NO_VALIDATION },
  });
  const folders = clientFolders(server);
  const contextFor: ContextFor = async (extra) => ({
    ...(await deps.loadActions()),
    by: { channel: 'tool', ...(isRemote ? { client: remote } : clientOf(server)) },
    roots: isRemote ? [] : [...foldersInMeta(extra._meta), ...(await folders.read())],
  });
  server.setNotificationHandler(RootsListChangedNotificationSchema, () => folders.forget());
  serveTools(server, contextFor, { isReadOnly, isRemote });
  serveResources(server, contextFor);
  if (hasPrompts) servePrompts(server, contextFor);
  serveCompletions(server, contextFor);
  return server;
}

const NO_VALIDATION = {
  valid: false as const,
  data: undefined,
  errorMessage: 'Forms are not checked by the SDK.',
};

function clientOf(server: Server): { client?: string } {
  const name = server.getClientVersion()?.name;
  return name ? { client: cleanText(name).slice(0, 100) } : {};
}

function serveCompletions(server: Server, contextFor: ContextFor): void {
  onRequest(server, CompleteRequestSchema, async ({ params: { ref, argument } }, extra) => {
    const isSession =
      ref.type === 'ref/resource'
        ? isSessionIn(ref.uri, argument.name)
        : await isSessionArgument(ref.name, argument.name);
    if (!isSession) return { completion: { values: [], total: 0, hasMore: false } };
    const { completeSession } = await import('../../core/acts/reading/complete-session.act.ts');
    return { completion: await completeSession(argument.value, await contextFor(extra)) };
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
