import type { CallToolResult, Tool as ListedTool } from '@modelcontextprotocol/server';
import type { ChatPage, ShownCall } from '../../../core/faces/mcp/chat-page.ts';
import type { ChatClient } from '../../../core/faces/mcp/exchange.ts';

/** The card that a client with MCP Apps shows in the chat. */
const CARD_URI = 'ui://samocode/inbox.html';
const CARD_TYPE = 'text/html;profile=mcp-app';

const EXTENSION = 'io.modelcontextprotocol/ui';
const SHOWN_TOOLS: ReadonlySet<string> = new Set(['list_sessions', 'get_status', 'read_qa', 'read_plan']);

function isShownBy({ capabilities }: ChatClient): boolean {
  const { mimeTypes } = Object(capabilities.extensions?.[EXTENSION]);
  return Array.isArray(mimeTypes) && mimeTypes.includes(CARD_TYPE);
}

function listed(tool: ListedTool): ListedTool {
  if (!SHOWN_TOOLS.has(tool.name)) return tool;
  // The flat key comes from the draft; some versions of Claude read no other (anthropics/claude-ai-mcp#71).
  const card = { ui: { resourceUri: CARD_URI }, 'ui/resourceUri': CARD_URI };
  return { ...tool, _meta: { ...tool._meta, ...card } };
}

/** Adds what the result does not say: the sessions in words, the addresses of the live page, and whether the client has forms. */
async function withPlaces(result: CallToolResult, call: ShownCall): Promise<CallToolResult> {
  const { name, arguments: args, hasForms, actions } = call;
  if (!SHOWN_TOOLS.has(name) || result.isError) return result;
  const [{ cardSessions }, { askPage }] = await Promise.all([
    import('./card-sessions.ts'),
    import('../../../core/caller/facts/live-page.ts'),
  ]);
  // The addresses carry no key: with one, the model could act as the person.
  const page = (await askPage(actions.home))?.address;
  const sessions = await cardSessions(result.structuredContent, args, actions);
  const places = { hasForms, sessions, ...(page !== undefined && { page }) };
  return { ...result, _meta: { ...result._meta, 'samocode/inbox': places } };
}

const card: ChatPage = {
  uri: CARD_URI,
  isShownBy,
  listed,
  withPlaces,
  read: async () => (await import('./card.ts')).readCard({ uri: CARD_URI, mimeType: CARD_TYPE }),
};

export const CHAT_PAGES: readonly ChatPage[] = [card];
