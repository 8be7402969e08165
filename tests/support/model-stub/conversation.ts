import type { ToolResult } from './moves.ts';

/** A tool as the scripts know it; each wire calls its CLI's own tool of that kind. */
export interface ToolUse {
  name: string;
  input: Record<string, unknown>;
}

/** What a request says, whichever service it was meant for. */
export interface Conversation {
  /** The first words of a person that name a session; empty in requests beside the main conversation. */
  prompt: string;
  /** Results of the tools that were called, oldest first. */
  results: readonly ToolResult[];
  /** The newest message, as it came. */
  newest: string;
  model: string;
  /** The whole request, as it came. */
  request: string;
}

/** Stands in the first words of a child's or a parent's conversation, and tells it from requests beside it. */
export const CONVERSATION_MARK = /\*\*(?:Session path|Parent chat):\*\*/;

/** A tool of an MCP server, `mcp:server/tool`, under whatever name its client gives it to a model; of ours without a server. */
export function serverTool(name: string): { server: string; tool: string } | undefined {
  const [, server = 'samocode', tool] = /^mcp:(?:(\w+)\/)?(\w+)$/.exec(name) ?? [];
  return tool === undefined ? undefined : { server, tool };
}

/** What the model says next: words and tool calls, or a failure of the service. */
export type ModelReply =
  | { say: string; use?: readonly ToolUse[]; refused?: boolean }
  | { status: number; type: string; message: string; headers?: Record<string, string>; more?: object }
  /** The connection stays open and nothing is ever sent. */
  | 'silence';

/** Answers one request to the service. */
export type Answer = (conversation: Conversation) => ModelReply;
