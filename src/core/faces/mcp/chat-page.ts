import type { CallToolResult, Tool as ListedTool, ReadResourceResult } from '@modelcontextprotocol/server';
import type { ActionContext } from '../../caller/context/context.ts';
import { fromExtensions } from '../../kernel/extension.ts';
import type { ChatClient } from './exchange.ts';

export interface ShownCall {
  name: string;
  arguments?: unknown;
  hasForms: boolean;
  actions: ActionContext;
}

/** A page that clients with MCP Apps show beside results in the chat. */
export interface ChatPage {
  uri: string;
  /** Whether the client has announced that it shows such pages. For all other clients nothing changes. */
  isShownBy(client: ChatClient): boolean;
  /** A tool as listed, with the address of the page if it shows the tool's results. */
  listed(tool: ListedTool): ListedTool;
  /** Adds what the page shows of a result. */
  withCardData(result: CallToolResult, call: ShownCall): Promise<CallToolResult>;
  read(): Promise<ReadResourceResult>;
}

declare module '../../kernel/extension.ts' {
  interface Extension {
    chatPage?: ChatPage;
  }
}

export function chatPageOf(client: ChatClient): ChatPage | undefined {
  return fromExtensions('chatPage').find((page) => page.isShownBy(client));
}
