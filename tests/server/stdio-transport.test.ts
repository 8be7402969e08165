import { PassThrough } from 'node:stream';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { StdioTransport } from '../../src/server/transport/stdio-transport.ts';

async function opened(maxBytes?: number) {
  const input = new PassThrough();
  const written: unknown[] = [];
  const received: JSONRPCMessage[] = [];
  const errors: Error[] = [];
  const write = (text: string) => {
    written.push(JSON.parse(text));
    return true;
  };
  const transport = new StdioTransport(input, { write, drained: async () => {} }, maxBytes);
  transport.onmessage = (message) => received.push(message);
  transport.onerror = (error) => errors.push(error);
  await transport.start();
  const give = async (text: string) => {
    input.write(text);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { give, written, received, errors };
}

const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };

test.each(['not json', '{"jsonrpc":', '[]', '5', '"x"', '{}', '', '   ', '\u0000', '{"jsonrpc":"2.0"}'])(
  'after the line %j the next message is heard, and nothing was said',
  async (line) => {
    const { give, written, received } = await opened();
    await give(`${line}\n${JSON.stringify(PING)}\r\n`);
    expect(received).toEqual([PING]);
    expect(written).toEqual([]);
  },
);

test('a request that is none of JSON-RPC is answered, so that nobody waits for ever', async () => {
  const { give, written } = await opened();
  await give('{"jsonrpc":"2.0","id":"a","method":5}\n{"id":7,"method":"ping"}\n');
  expect(written).toEqual([
    { jsonrpc: '2.0', id: 'a', error: { code: -32600, message: 'This is no request of JSON-RPC 2.0.' } },
    { jsonrpc: '2.0', id: 7, error: { code: -32600, message: 'This is no request of JSON-RPC 2.0.' } },
  ]);
});

test.each([
  ['first', (params: object) => ({ jsonrpc: '2.0', id: 9, method: 'x', params }), 9],
  ['last', (params: object) => ({ method: 'x', params, jsonrpc: '2.0', id: 'nine' }), 'nine'],
  ['nowhere', (params: object) => ({ jsonrpc: '2.0', method: 'x', params }), undefined],
  ['only within', (params: object) => ({ method: 'x', params: { params, id: 4 } }), undefined],
])('a message that is too large is refused, with its id %s in it', async (_where, message, id) => {
  const { give, written, received } = await opened(4000);
  await give(`${JSON.stringify(message({ text: 'x'.repeat(9000), id: 3 }))}\n${JSON.stringify(PING)}\n`);
  const refusal = {
    jsonrpc: '2.0',
    id,
    error: { code: -32600, message: 'A message has 4000 bytes at most.' },
  };
  expect(written).toEqual(id === undefined ? [] : [refusal]);
  expect(received).toEqual([PING]);
});

test('a failure in whoever hears a message does not end the hearing', async () => {
  const { give, errors, received } = await opened();
  await give('nonsense\n');
  await give(`${JSON.stringify(PING)}\n`);
  expect([errors.length, received.length]).toEqual([1, 1]);
});
