/** A block of an assistant's or user's message, as the Messages API carries it. */
export type Block =
  | { type: 'text'; text: string }
  | { type: 'tool_use'; id: string; name: string; input: Record<string, unknown> }
  | { type: 'tool_result'; tool_use_id: string; content: unknown; is_error?: boolean };

export interface Message {
  role: 'user' | 'assistant';
  content: string | Block[];
}

/** The body of a post to `/v1/messages`, as far as the stub reads it. */
export interface MessagesRequest {
  model: string;
  stream?: boolean;
  messages: Message[];
  tools?: ReadonlyArray<{ name: string }>;
  system?: unknown;
}

export function textOf(message: Message | undefined): string {
  if (!message) return '';
  if (typeof message.content === 'string') return message.content;
  return message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');
}

/** The text of a tool's result, given as a string or as blocks. */
export function resultText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (typeof part?.text === 'string' ? part.text : '')).join('\n');
}
