import type { ServerResponse } from 'node:http';
import {
  type Answer,
  CONVERSATION_MARK,
  type Conversation,
  freshId,
  type ModelReply,
  serverTool,
  type ToolUse,
} from './conversation.ts';
import type { ToolResult } from './moves.ts';
import { type StubServer, sendJson, startServer } from './server.ts';

interface Message {
  role: string;
  content?: string | ReadonlyArray<{ text?: string }> | null;
}

interface ChatRequest {
  model: string;
  stream?: boolean;
  messages: readonly Message[];
  tools?: ReadonlyArray<{ function?: { name?: string } }>;
}

/** What a CLI calls the tools of the scripts, and their inputs. */
const TOOLS = {
  opencode: {
    Bash: ['bash', {}],
    Read: ['read', { file_path: 'filePath' }],
    Write: ['write', { file_path: 'filePath' }],
    Edit: ['edit', { file_path: 'filePath', old_string: 'oldString', new_string: 'newString' }],
  },
  copilot: {
    Bash: ['bash', {}],
    Read: ['view', { file_path: 'path' }],
    Write: ['create', { file_path: 'path', content: 'file_text' }],
    Edit: ['edit', { file_path: 'path', old_string: 'old_str', new_string: 'new_str' }],
  },
} as const satisfies Record<string, Record<string, readonly [string, Record<string, string>]>>;

/** `/chat/completions` as agents of the Agent Client Protocol use it. */
export async function startChatModel(answer: Answer, agent: keyof typeof TOOLS): Promise<StubServer> {
  return await startServer(({ method, path, body }, response) => {
    const { pathname } = new URL(path, 'http://stub');
    if (method === 'POST' && pathname.endsWith('/chat/completions')) {
      const request: ChatRequest = JSON.parse(body);
      sendReply(response, request, { reply: answer(conversationIn(request, body)), agent });
    } else if (pathname.endsWith('/models')) {
      sendJson(response, 200, { object: 'list', data: [] });
    } else {
      sendJson(response, 404, { error: { message: pathname, type: 'invalid_request_error' } });
    }
  });
}

function conversationIn({ messages, model, tools }: ChatRequest, body: string): Conversation {
  const words = messages.filter(({ role }) => role === 'user').map(textOf);
  const prompt = tools?.length ? (words.find((text) => CONVERSATION_MARK.test(text)) ?? '') : '';
  const results = messages.filter(({ role }) => role === 'tool').map((message) => resultIn(textOf(message)));
  return { prompt, results, newest: JSON.stringify(messages.at(-1)), model, request: body };
}

const FAILED =
  /^(?:Error\b|File .*not found|Failed\b|Path (?:does not|already) exist|The user rejected|.*\b(?:denied|rejected)\b)/i;

/** opencode numbers the lines of a file; Copilot adds how a command ended. */
function resultIn(text: string): ToolResult {
  const [, file] = /^<path>.*?<content>\n(.*)\n\n\(End of file.*$/s.exec(text) ?? [];
  if (file !== undefined) return { text: `${file.replace(/^\d+: /gm, '')}\n`, failed: false };
  const [, output, code] = /^(.*?)\n?<shellId: \d+ completed with exit code (\d+)>$/s.exec(text) ?? [];
  if (output !== undefined) return { text: `${output}\n`, failed: code !== '0' };
  return { text, failed: FAILED.test(text) };
}

function textOf({ content }: Message): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map(({ text = '' }) => text).join('\n');
}

function sendReply(
  response: ServerResponse,
  { model, stream }: ChatRequest,
  { reply, agent }: { reply: ModelReply; agent: keyof typeof TOOLS },
): void {
  if (reply === 'silence') return;
  if ('status' in reply) {
    const { status, type, message, headers, more } = reply;
    sendJson(response, status, { error: { type, message, ...more } }, headers);
    return;
  }
  const calls = (reply.use ?? []).map((use, index) => {
    const { name, input } = toolOf(use, agent);
    const called = { name, arguments: JSON.stringify(input) };
    return { index, id: freshId('call'), type: 'function', function: called };
  });
  const finish = reply.refused ? 'content_filter' : calls.length > 0 ? 'tool_calls' : 'stop';
  const base = { id: freshId('chatcmpl'), created: 1, model };
  const message = { role: 'assistant', content: reply.say, ...(calls.length > 0 && { tool_calls: calls }) };
  if (!stream) {
    const choices = [{ index: 0, message, finish_reason: finish }];
    sendJson(response, 200, { ...base, object: 'chat.completion', choices, usage: USAGE });
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (fields: object) =>
    response.write(`data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', ...fields })}\n\n`);
  send({ choices: [{ index: 0, delta: message, finish_reason: null }] });
  send({ choices: [{ index: 0, delta: {}, finish_reason: finish }] });
  send({ choices: [], usage: USAGE });
  response.end('data: [DONE]\n\n');
}

/** Both join the names of a server and its tool, with other marks between them. */
function toolOf({ name, input }: ToolUse, agent: keyof typeof TOOLS): ToolUse {
  const called = serverTool(name);
  if (called) return { name: `${called.server}${agent === 'opencode' ? '_' : '-'}${called.tool}`, input };
  // It creates files, and refuses to replace one.
  if (agent === 'copilot' && name === 'Write' && String(input.file_path).endsWith('/_signal.json'))
    return toolOf(
      { name: 'Edit', input: { file_path: input.file_path, old_string: '{}', new_string: input.content } },
      agent,
    );
  const tools: Record<string, readonly [string, Record<string, string>]> = TOOLS[agent];
  const tool = tools[name];
  if (tool === undefined) throw new Error(`The scripted model has no tool ${name}.`);
  const [own, names] = tool;
  const pairs = Object.entries(input).map(([key, value]) => [names[key] ?? key, value]);
  return { name: own, input: Object.fromEntries(pairs) };
}

const USAGE = {
  prompt_tokens: 1000,
  completion_tokens: 50,
  total_tokens: 1050,
  prompt_tokens_details: { cached_tokens: 200 },
};
