import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  RootsListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { ActionContext } from '../actions/acting/context.ts';
import { nearestName } from '../base/nearest-name.ts';
import { plainWords } from '../base/plain-words.ts';
import { askByForm } from './asking/ask-by-form.ts';
import { type ClientFolders, clientFolders, foldersInMeta } from './calls/client-folders.ts';
import type { ContextFor, Extra } from './calls/context-for.ts';
import { callTool, errorResult } from './calls/define-tool.ts';
import { listedTool } from './calls/listed-tool.ts';
import { onRequest } from './calls/on-request.ts';
import { newProgressValue } from './calls/progress-value.ts';
import { SERVER_ERRORS } from './calls/server-errors.ts';
import type { CallProgress, Tool } from './calls/tool.ts';
import { INSTRUCTIONS, READ_ONLY_INSTRUCTIONS } from './instructions.ts';
import { servePrompts } from './prompts/serve-prompts.ts';
import { serveResources } from './resources/serve-resources.ts';
import { serveCompletions } from './serve-completions.ts';
import { serverInfo } from './server-info.ts';
import { TOOLS } from './tools/index.ts';

export interface ServerDeps {
  version: string;
  /** Only the tools that look: the others are not listed, and refused. */
  isReadOnly?: boolean;
  /** Everything that an action needs, made at the first call: the handshake must not wait for it. */
  loadActions(): Promise<Omit<ActionContext, 'by' | 'roots'>>;
}

/** The MCP server, without a transport; it keeps no state beside its subscriptions. */
export function buildServer(deps: ServerDeps): Server {
  const { isReadOnly = false } = deps;
  const offered = isReadOnly ? TOOLS.filter(({ annotations }) => annotations.readOnlyHint) : TOOLS;
  const server = new Server(serverInfo(deps.version), {
    capabilities: {
      tools: {},
      resources: { subscribe: true, listChanged: true },
      prompts: {},
      completions: {},
    },
    instructions: isReadOnly ? READ_ONLY_INSTRUCTIONS : INSTRUCTIONS,
    // What forms bring back is checked where it is read; the default validator costs a third of the start.
    jsonSchemaValidator: { getValidator: () => () => NO_VALIDATION },
  });
  const folders = clientFolders(server);
  const contextFor: ContextFor = async (extra) => ({
    ...(await deps.loadActions()),
    by: { channel: 'tool', ...clientOf(server) },
    roots: await rootsFor(folders, extra),
  });
  server.setNotificationHandler(RootsListChangedNotificationSchema, () => folders.forget());
  onRequest(server, ListToolsRequestSchema, () => ({
    tools: offered.map((tool) => listedTool(tool, server.getClientVersion()?.name)),
  }));
  onRequest(server, CallToolRequestSchema, async ({ params }, extra) => {
    const tool = TOOLS.find(({ name }) => name === params.name);
    if (!tool) throw unknownTool(params.name, offered);
    if (!offered.includes(tool)) return errorResult(SERVER_ERRORS.read_only({ tool: tool.name }));
    return await callTool(tool, params.arguments, {
      actions: await contextFor(extra),
      clientName: server.getClientVersion()?.name ?? '',
      signal: extra.signal,
      progress: progressOf(extra),
      ask: askByForm(server, extra),
    });
  });
  serveResources(server, contextFor);
  servePrompts(server, contextFor);
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
  return name ? { client: plainWords(name).slice(0, 100) } : {};
}

async function rootsFor(folders: ClientFolders, extra: Extra): Promise<string[]> {
  return [...foldersInMeta(extra._meta), ...(await folders.read())];
}

function progressOf(extra: Extra): (told: CallProgress) => void {
  const token = extra._meta?.progressToken;
  if (token === undefined) return () => {};
  const value = newProgressValue();
  return ({ message, phasesBehind }) => {
    const params = { progressToken: token, ...value(phasesBehind), message };
    // A client that has gone reads nothing any more; the transport's own end says so.
    extra.sendNotification({ method: 'notifications/progress', params }).catch(() => {});
  };
}

function unknownTool(name: string, offered: readonly Tool[]): McpError {
  const names = offered.map((tool) => tool.name);
  const meant = nearestName(name, names);
  const hint = meant ? `Did you mean ${meant}?` : `The tools are: ${names.join(', ')}.`;
  return new McpError(ErrorCode.InvalidParams, `There is no tool "${name.slice(0, 80)}". ${hint}`);
}
