import type { CallToolResult, Tool as ListedTool } from '@modelcontextprotocol/server';
import type { ChatPage, ShownCall } from '../../../core/kit/mcp/chat-page.ts';
import type { ChatClient } from '../../../core/kit/mcp/exchange.ts';

/** The board that a client with MCP Apps shows in the chat. */
const BOARD_URI = 'ui://samocode/board.html';
const BOARD_TYPE = 'text/html;profile=mcp-app';

const EXTENSION = 'io.modelcontextprotocol/ui';
const SHOWN_TOOLS: ReadonlySet<string> = new Set(['list_sessions', 'get_status', 'read_qa', 'read_plan']);

function isShownBy({ capabilities }: ChatClient): boolean {
  const { mimeTypes } = Object(capabilities.extensions?.[EXTENSION]);
  return Array.isArray(mimeTypes) && mimeTypes.includes(BOARD_TYPE);
}

function listed(tool: ListedTool): ListedTool {
  if (!SHOWN_TOOLS.has(tool.name)) return tool;
  // The flat key comes from the draft; some versions of Claude read no other (anthropics/claude-ai-mcp#71).
  const board = { ui: { resourceUri: BOARD_URI }, 'ui/resourceUri': BOARD_URI };
  return { ...tool, _meta: { ...tool._meta, ...board } };
}

/** Adds the address of the live page, and whether the client has forms. */
async function withPlaces(result: CallToolResult, call: ShownCall): Promise<CallToolResult> {
  if (!SHOWN_TOOLS.has(call.name) || result.isError) return result;
  const { session } = Object(result.structuredContent);
  const page = await livePageAddress(session, call).catch(() => undefined);
  const places = { hasForms: call.hasForms, ...(page !== undefined && { page }) };
  return { ...result, _meta: { ...result._meta, 'samocode/board': places } };
}

/** The address carries no key: with one, the model could act as the person. */
async function livePageAddress(
  session: unknown,
  { arguments: args, actions }: ShownCall,
): Promise<string | undefined> {
  const { askPage, sessionPageAddress } = await import('../../../core/caller/facts/live-page.ts');
  if (typeof session !== 'string') return (await askPage(actions.home))?.address;
  const { findSession } = await import('../../../core/caller/context/find-session.ts');
  const { project_dir: projectDir } = Object(args);
  return await sessionPageAddress(
    await findSession({ session, projectDir, isWholeName: true }, actions),
    actions.home,
  );
}

const board: ChatPage = {
  uri: BOARD_URI,
  isShownBy,
  listed,
  withPlaces,
  read: async () => (await import('./board.ts')).readBoard({ uri: BOARD_URI, mimeType: BOARD_TYPE }),
};

export const CHAT_PAGES: readonly ChatPage[] = [board];
