import { randomBytes } from 'node:crypto';
import type { ToolResult } from './moves.ts';

/** A tool as the scripts name it; each wire calls its CLI's own tool of that kind. */
export interface ToolUse {
  name: string;
  input: Record<string, unknown>;
}

/** The content of a request, for any of the services. */
export interface Conversation {
  /** The first message of a person that names a session; empty in side requests. */
  prompt: string;
  /** Results of the tools that were called, oldest first. */
  results: readonly ToolResult[];
  /** The newest message, as it was sent. */
  newest: string;
  model: string;
  /** The whole request, as it was sent. */
  request: string;
}

/** Part of the first message of an agent's or a parent's conversation, which distinguishes it from side requests. */
export const CONVERSATION_MARK = /\*\*(?:Session path|Parent chat):\*\*/;

/**
 * A tool of an MCP server, `mcp:server/tool`, under whatever name its client gives it to a model; without a server one
 * of samocode's.
 */
export function serverTool(name: string): { server: string; tool: string } | undefined {
  const [, server = 'samocode', tool] = /^mcp:(?:(\w+)\/)?(\w+)$/.exec(name) ?? [];
  return tool === undefined ? undefined : { server, tool };
}

/** The model's next answer: text and tool calls, or a failure of the service. */
export type ModelReply =
  | { say: string; use?: readonly ToolUse[]; refused?: boolean }
  | { status: number; type: string; message: string; headers?: Record<string, string>; more?: object }
  /** The connection stays open and nothing is ever sent. */
  | 'silence';

/** Answers one request to the service. */
export type Answer = (conversation: Conversation) => ModelReply;

export function freshId(kind: string): string {
  return `${kind}_${randomBytes(9).toString('hex')}`;
}
