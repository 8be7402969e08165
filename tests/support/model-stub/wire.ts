import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Block, MessagesRequest, ModelReply } from './messages.ts';

const USAGE = {
  input_tokens: 1200,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 300,
  output_tokens: 60,
};

/** Writes one reply in the shape that the request asked for: a stream of events or one object. */
export function sendReply(response: ServerResponse, request: MessagesRequest, reply: ModelReply): void {
  if (reply === 'silence') return;
  if ('status' in reply) {
    const error = { type: reply.type, message: reply.message };
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(JSON.stringify({ type: 'error', error }));
    return;
  }
  const content: Block[] = [
    { type: 'text', text: reply.say },
    ...(reply.use ?? []).map((call) => ({ type: 'tool_use' as const, id: freshId('toolu'), ...call })),
  ];
  const message = {
    id: freshId('msg'),
    type: 'message',
    role: 'assistant',
    model: request.model,
    stop_sequence: null,
  };
  const stopReason = reply.use?.length ? 'tool_use' : 'end_turn';
  if (!request.stream) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...message, content, stop_reason: stopReason, usage: USAGE }));
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

function sendBlock(send: (type: string, fields: object) => void, index: number, block: Block): void {
  if (block.type === 'tool_use') {
    send('content_block_start', { index, content_block: { ...block, input: {} } });
    const json = JSON.stringify(block.input);
    // Two pieces: a client must put the argument together itself.
    for (const piece of [json.slice(0, json.length / 2), json.slice(json.length / 2)]) {
      send('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: piece } });
    }
  } else if (block.type === 'text') {
    send('content_block_start', { index, content_block: { type: 'text', text: '' } });
    send('content_block_delta', { index, delta: { type: 'text_delta', text: block.text } });
  }
  send('content_block_stop', { index });
}

function freshId(kind: string): string {
  return `${kind}_${randomBytes(9).toString('hex')}`;
}
