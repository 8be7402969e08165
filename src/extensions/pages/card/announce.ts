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

/**
 * Adds what the card shows, made by the functions of the page. Models get the result alone. Without it, the card shows
 * the summary.
 */
async function withCardData(result: CallToolResult, call: ShownCall): Promise<CallToolResult> {
  const { structuredContent: fields } = result;
  if (!SHOWN_TOOLS.has(call.name) || fields === undefined) return result;
  const [{ resultMarkup }, { markupSum }] = await Promise.all([
    import('./result-markup.ts'),
    import('./markup-sum.ts'),
  ]);
  // Its session may have been archived since.
  const markup = await resultMarkup(fields, call).catch(() => undefined);
  if (markup === undefined) return result;
  const sum = markupSum({ version: __VERSION__, fields, markup });
  return { ...result, _meta: { ...result._meta, 'samocode/inbox': { markup, sum } } };
}

export const CARD: ChatPage = {
  uri: CARD_URI,
  isShownBy,
  listed,
  withCardData,
  read: async () => (await import('./card.ts')).readCard({ uri: CARD_URI, mimeType: CARD_TYPE }),
};
