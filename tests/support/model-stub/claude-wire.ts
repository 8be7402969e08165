import type { ServerResponse } from 'node:http';
import { type Block, type MessagesRequest, resultText, textOf } from './claude-messages.ts';
import {
  type Answer,
  type Conversation,
  freshId,
  type ModelReply,
  serverTool,
  type ToolUse,
} from './conversation.ts';
import { type StubServer, sendJson, startServer } from './server.ts';

const USAGE = {
  input_tokens: 1200,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 300,
  output_tokens: 60,
};

/** The part of the Messages API that Claude Code uses. */
export async function startClaudeModel(answer: Answer): Promise<StubServer> {
  return await startServer(({ method, path, body }, response) => {
    const { pathname } = new URL(path, 'http://stub');
    if (method === 'POST' && pathname === '/v1/messages') {
      const request: MessagesRequest = JSON.parse(body);
      sendReply(response, request, answer(conversationIn(request, body)));
    } else if (method === 'POST' && pathname === '/v1/messages/count_tokens') {
      sendJson(response, 200, { input_tokens: Math.ceil(body.length / 4) });
    } else {
      const error = { type: 'not_found_error', message: pathname };
      sendJson(response, method === 'HEAD' ? 200 : 404, { type: 'error', error });
    }
  });
}

function conversationIn(request: MessagesRequest, body: string): Conversation {
  const { messages, tools, model } = request;
  const results = messages.flatMap(({ content }) => {
    if (typeof content === 'string') return [];
    return content.flatMap((block) =>
      block.type === 'tool_result'
        ? [{ text: resultText(block.content), failed: block.is_error === true }]
        : [],
    );
  });
  const prompt = tools?.length ? textOf(messages.find(({ role }) => role === 'user')) : '';
  return { prompt, results, newest: JSON.stringify(messages.at(-1)), model, request: body };
}

/** Writes one reply in the form that was requested: a stream of events or one object. */
function sendReply(response: ServerResponse, request: MessagesRequest, reply: ModelReply): void {
  if (reply === 'silence') return;
  if ('status' in reply) {
    const error = { type: reply.type, message: reply.message };
    sendJson(response, reply.status, { type: 'error', error }, reply.headers);
    return;
  }
  const content: Block[] = [
    { type: 'text', text: reply.say },
    ...(reply.use ?? []).map((call) => ({
      type: 'tool_use' as const,
      id: freshId('toolu'),
      ...toolUse(call),
    })),
  ];
  const message = {
    id: freshId('msg'),
    type: 'message',
    role: 'assistant',
    model: request.model,
    stop_sequence: null,
  };
  const stopReason = reply.refused ? 'refusal' : reply.use?.length ? 'tool_use' : 'end_turn';
  if (!request.stream) {
    sendJson(response, 200, { ...message, content, stop_reason: stopReason, usage: USAGE });
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const send = (type: string, fields: object) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
  const opening = { ...message, content: [], stop_reason: null, usage: { ...USAGE, output_tokens: 1 } };
  send('message_start', { message: opening });
  for (const [index, block] of content.entries()) sendBlock(send, index, block);
  send('message_delta', { delta: { stop_reason: stopReason, stop_sequence: null }, usage: USAGE });
  send('message_stop', {});
  response.end();
}

function toolUse({ name, input }: ToolUse): ToolUse {
  const called = serverTool(name);
  return { name: called ? `mcp__${called.server}__${called.tool}` : name, input };
}

function sendBlock(send: (type: string, fields: object) => void, index: number, block: Block): void {
  if (block.type === 'tool_use') {
    send('content_block_start', { index, content_block: { ...block, input: {} } });
    const json = JSON.stringify(block.input);
    // Two pieces: a client must join the argument itself.
    for (const piece of [json.slice(0, json.length / 2), json.slice(json.length / 2)]) {
      send('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: piece } });
    }
  } else if (block.type === 'text') {
    send('content_block_start', { index, content_block: { type: 'text', text: '' } });
    send('content_block_delta', { index, delta: { type: 'text_delta', text: block.text } });
  }
  send('content_block_stop', { index });
}
