import type { ServerResponse } from 'node:http';
import {
  type Answer,
  CONVERSATION_MARK,
  type Conversation,
  type ModelReply,
  serverTool,
  type ToolUse,
} from './conversation.ts';
import type { ToolResult } from './moves.ts';
import { type StubServer, sendJson, startServer } from './server.ts';

interface Part {
  text?: string;
  functionCall?: { name: string };
  functionResponse?: { name: string; response: { output?: string; error?: string } };
}

interface GenerateRequest {
  contents?: ReadonlyArray<{ role?: string; parts?: readonly Part[] }>;
  tools?: ReadonlyArray<{ functionDeclarations?: readonly unknown[] }>;
}

/** The part of the Gemini API that Gemini CLI uses. */
export async function startGeminiModel(answer: Answer): Promise<StubServer> {
  return await startServer(({ path, body }, response) => {
    const [, model = '', method = ''] = /models\/([^:]+):(\w+)/.exec(path) ?? [];
    if (/generateContent/i.test(method)) {
      const reply = answer(conversationIn(JSON.parse(body), { model, body }));
      sendReply(response, reply, { model, isStream: method.startsWith('stream') });
    } else if (method === 'countTokens') {
      sendJson(response, 200, { totalTokens: 100 });
    } else {
      sendJson(response, 404, { error: { code: 404, message: path, status: 'NOT_FOUND' } });
    }
  });
}

function conversationIn(
  { contents = [], tools }: GenerateRequest,
  { model, body }: { model: string; body: string },
): Conversation {
  const parts = contents.filter(({ role }) => role === 'user').flatMap((content) => content.parts ?? []);
  const words = tools?.some(({ functionDeclarations }) => functionDeclarations?.length) ? parts : [];
  const prompt = words.find(({ text }) => CONVERSATION_MARK.test(text ?? ''))?.text ?? '';
  const results = parts.flatMap(({ functionResponse }) =>
    functionResponse ? [resultIn(functionResponse)] : [],
  );
  return { prompt, results, newest: JSON.stringify(contents.at(-1)), model, request: body };
}

function resultIn({ name, response }: NonNullable<Part['functionResponse']>): ToolResult {
  if (response.error !== undefined) return { text: response.error, failed: true };
  const output = response.output ?? '';
  if (name !== 'run_shell_command') return { text: unwrapped(output), failed: false };
  const text = unwrapped(output).replace(/^Output: /, '');
  const end = /\n?(?:Exit Code: (\d+)\n)?(?:Process Group PGID: \d+)?\s*$/.exec(text);
  return { text: text.slice(0, end?.index), failed: end?.[1] !== undefined };
}

function unwrapped(output: string): string {
  return output.replace(/^<untrusted_context>\n/, '').replace(/\n<\/untrusted_context>\s*$/, '');
}

function sendReply(
  response: ServerResponse,
  reply: ModelReply,
  { model, isStream }: { model: string; isStream: boolean },
): void {
  if (reply === 'silence') return;
  if ('status' in reply) {
    const { status, type, message, headers, more } = reply;
    sendJson(response, status, { error: { code: status, message, status: type, ...more } }, headers);
    return;
  }
  const calls = (reply.use ?? []).map((call) => ({ functionCall: functionCall(call) }));
  const chunk = {
    candidates: [
      {
        content: { role: 'model', parts: [{ text: reply.say }, ...calls] },
        finishReason: reply.refused ? 'SAFETY' : 'STOP',
        index: 0,
      },
    ],
    usageMetadata: {
      promptTokenCount: 1500,
      candidatesTokenCount: 60,
      totalTokenCount: 1560,
      cachedContentTokenCount: 300,
    },
    modelVersion: model,
  };
  if (!isStream) {
    sendJson(response, 200, chunk);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(`data: ${JSON.stringify(chunk)}\r\n\r\n`);
}

function functionCall({ name, input }: ToolUse): { name: string; args: Record<string, unknown> } {
  const called = serverTool(name);
  if (called) return { name: `mcp_${called.server}_${called.tool}`, args: input };
  switch (name) {
    case 'Bash':
      return { name: 'run_shell_command', args: { command: input.command, description: 'as scripted' } };
    case 'Read':
      return { name: 'read_file', args: { file_path: input.file_path } };
    case 'Write':
      return { name: 'write_file', args: { file_path: input.file_path, content: input.content } };
    case 'Edit':
      return { name: 'replace', args: { ...input, instruction: 'Put the new words in place of the old.' } };
    default:
      throw new Error(`The scripted model has no tool ${name}.`);
  }
}
