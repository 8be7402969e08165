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

interface Item {
  type: string;
  role?: string;
  content?: ReadonlyArray<{ text?: string }>;
  output?: string | ReadonlyArray<{ text?: string }>;
}

interface ResponsesRequest {
  model: string;
  input?: readonly Item[];
  tools?: readonly unknown[];
}

/** The part of the Responses API that Codex uses. */
export async function startCodexModel(answer: Answer): Promise<StubServer> {
  return await startServer(({ method, path, body }, response) => {
    const { pathname } = new URL(path, 'http://stub');
    if (method === 'POST' && pathname.endsWith('/responses')) {
      const request: ResponsesRequest = JSON.parse(body);
      sendReply(response, request, answer(conversationIn(request, body)));
    } else if (pathname.endsWith('/models')) {
      sendJson(response, 200, { object: 'list', data: [], models: [] });
    } else {
      sendJson(response, 404, { error: { message: pathname, type: 'invalid_request_error' } });
    }
  });
}

function conversationIn({ input = [], model }: ResponsesRequest, body: string): Conversation {
  const words = input.filter(({ role }) => role === 'user').map(({ content }) => textOf(content));
  const prompt = words.find((text) => CONVERSATION_MARK.test(text)) ?? '';
  const results = input
    .filter(({ type }) => type.endsWith('_output'))
    .map(({ output }) => resultIn(textOf(output)));
  return { prompt, results, newest: JSON.stringify(input.at(-1)), model, request: body };
}

function textOf(content: Item['content'] | Item['output']): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map(({ text = '' }) => text).join('\n');
}

// The output of the stub's own script follows a header of the tool.
function resultIn(output: string): ToolResult {
  const json = output.slice(output.indexOf('{"samocode"'));
  try {
    const { code, text } = JSON.parse(json).samocode;
    return { text, failed: code !== 0 };
  } catch {
    return { text: output, failed: true };
  }
}

function sendReply(response: ServerResponse, request: ResponsesRequest, reply: ModelReply): void {
  if (reply === 'silence') return;
  if ('status' in reply) {
    const { status, type, message, headers, more } = reply;
    sendJson(response, status, { error: { type, message, ...more } }, headers);
    return;
  }
  const items = [
    ...(reply.say ? [messageItem(reply.say)] : []),
    ...(reply.use ?? []).map((call) => ({
      type: 'custom_tool_call',
      id: freshId('ctc'),
      call_id: freshId('call'),
      name: 'exec',
      namespace: 'functions',
      input: scriptFor(call),
      status: 'completed',
    })),
  ];
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const id = freshId('resp');
  let number = 0;
  const send = (type: string, fields: object) =>
    response.write(
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number++, ...fields })}\n\n`,
    );
  const { model } = request;
  send('response.created', {
    response: { id, object: 'response', status: 'in_progress', model, output: [] },
  });
  for (const [index, item] of items.entries()) {
    send('response.output_item.added', { output_index: index, item });
    send('response.output_item.done', { output_index: index, item });
  }
  if (reply.refused) {
    const incomplete = {
      id,
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter' },
      usage: USAGE,
    };
    send('response.incomplete', { response: incomplete });
  } else {
    send('response.completed', {
      response: { id, object: 'response', status: 'completed', model, output: items, usage: USAGE },
    });
  }
  response.end();
}

function messageItem(text: string) {
  const content = [{ type: 'output_text', text, annotations: [] }];
  return { type: 'message', id: freshId('msg'), role: 'assistant', status: 'completed', content };
}

/** Codex has one tool, which runs JavaScript that calls the others. */
function scriptFor({ name, input }: ToolUse): string {
  const called = serverTool(name);
  if (called) return serverScript(called, input);
  if (name === 'Script') return String(input.script);
  if (name === 'Write') {
    const lines = String(input.content)
      .split('\n')
      .map((line) => `+${line}`);
    if (lines.at(-1) === '+') lines.pop();
    const patch = ['*** Begin Patch', `*** Add File: ${input.file_path}`, ...lines, '*** End Patch'].join(
      '\n',
    );
    return `const r = await tools.apply_patch(${JSON.stringify(patch)}); text(JSON.stringify({samocode:{code:0,text:""}}));`;
  }
  const options = { cmd: commandFor({ name, input }), login: false, yield_time_ms: 120_000 };
  return `const r = await tools.exec_command(${JSON.stringify(options)}); text(JSON.stringify({samocode:{code:r.exit_code ?? 1,text:r.output ?? JSON.stringify(r)}}));`;
}

// As the description of `wait` says: without the first line a script is suspended after 30 seconds and must be polled.
function serverScript({ server, tool }: { server: string; tool: string }, input: ToolUse['input']): string {
  const call = `await tools.mcp__${server}__${tool}(${JSON.stringify(input)})`;
  return `// @exec: {"yield_time_ms": 280000}\nconst r = ${call}; text(r.structuredContent ?? r);`;
}

function commandFor({ name, input }: ToolUse): string {
  switch (name) {
    case 'Bash':
      return String(input.command);
    case 'Read':
      return `cat '${input.file_path}'`;
    case 'Edit': {
      const facts = Buffer.from(JSON.stringify(input)).toString('base64');
      return `node -e 'const f=require("fs"),i=JSON.parse(Buffer.from("${facts}","base64"));const t=f.readFileSync(i.file_path,"utf8");if(!t.includes(i.old_string))process.exit(1);f.writeFileSync(i.file_path,t.replace(i.old_string,()=>i.new_string))'`;
    }
    default:
      throw new Error(`The scripted model has no tool ${name}.`);
  }
}

const USAGE = {
  input_tokens: 1500,
  input_tokens_details: { cached_tokens: 300 },
  output_tokens: 60,
  output_tokens_details: { reasoning_tokens: 10 },
  total_tokens: 1560,
};
