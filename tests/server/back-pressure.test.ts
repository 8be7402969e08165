import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { StdioTransport } from '../../src/server/transport/stdio-transport.ts';

const MESSAGE = { jsonrpc: '2.0', method: 'notifications/message' } as const;

test('messages that wait for a slow client wait for it together (house 6.10)', async () => {
  const waits: (() => void)[] = [];
  const drained = () => new Promise<void>((resolve) => waits.push(resolve));
  const transport = new StdioTransport(new PassThrough(), { write: () => false, drained });
  const sent = Array.from({ length: 20 }, () => transport.send(MESSAGE));
  expect(waits).toHaveLength(1);
  waits[0]?.();
  await Promise.all(sent);
  void transport.send(MESSAGE);
  expect(waits).toHaveLength(2);
});
