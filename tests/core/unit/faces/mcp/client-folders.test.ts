import { expect, test } from 'vitest';
import { clientFolders } from '../../../../../src/core/faces/mcp/client-folders.ts';
import type { Exchange } from '../../../../../src/core/faces/mcp/exchange.ts';

const client = { name: 'client', version: '1', capabilities: { roots: {} } };

/** An exchange whose client answers so. */
function exchangeWith(answer?: () => unknown, more: Partial<Exchange> = {}): Exchange {
  const { signal } = new AbortController();
  const ask = answer && (async () => await answer());
  return { client, meta: undefined, signal, report: async () => {}, ...(ask && { ask }), ...more };
}

const BOAT = { roots: [{ uri: 'file:///home/ada/boat' }, { uri: 'https://example.org' }] };

test('a client that gave no answer is asked for its folders again, while one that answered is not', async () => {
  let asked = 0;
  const exchange = exchangeWith(() => {
    asked += 1;
    if (asked === 1) throw new Error('Not now.');
    return BOAT;
  });
  const folders = clientFolders();
  expect(await folders.read(exchange)).toEqual([]);
  expect(await folders.read(exchange)).toEqual(['/home/ada/boat']);
  await folders.read(exchange);
  expect(asked).toBe(2);
  folders.forget();
  await folders.read(exchange);
  expect(asked).toBe(3);
});

test('a client that cannot be asked during this request is asked during a later one', async () => {
  const folders = clientFolders();
  expect(await folders.read(exchangeWith())).toEqual([]);
  expect(await folders.read(exchangeWith(() => BOAT))).toEqual(['/home/ada/boat']);
  expect(await folders.read(exchangeWith())).toEqual(['/home/ada/boat']);
});

test('an answer from before the folders changed is not kept', async () => {
  const folders = clientFolders();
  const first = exchangeWith(() => {
    folders.forget();
    return BOAT;
  });
  expect(await folders.read(first)).toEqual(['/home/ada/boat']);
  expect(await folders.read(exchangeWith(() => ({ roots: [{ uri: 'file:///home/ada/raft' }] })))).toEqual([
    '/home/ada/raft',
  ]);
});

test('requests that are open share one question, and modern calls ask for themselves', async () => {
  const folders = clientFolders();
  const never = () => new Promise(() => {});
  const modern = { asksBetweenRequests: true } as const;
  void folders.read(exchangeWith(never, modern));
  expect(await folders.read(exchangeWith(() => BOAT, modern))).toEqual(['/home/ada/boat']);
  const shared = clientFolders();
  let asked = 0;
  const exchange = exchangeWith(() => {
    asked += 1;
    return BOAT;
  });
  await Promise.all([shared.read(exchange), shared.read(exchange)]);
  expect(asked).toBe(1);
});
