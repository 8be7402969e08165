import { expect, test } from 'vitest';
import { chatInMeta, foldersInMeta } from '../../../../../src/core/faces/mcp/call-meta.ts';
import { clientFolders } from '../../../../../src/core/faces/mcp/client-folders.ts';
import type { Exchange } from '../../../../../src/core/faces/mcp/exchange.ts';
import { waitLimitMs } from '../../../../../src/core/faces/mcp/wait-limits.ts';

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

const codex = (turn: unknown) => ({ 'x-codex-turn-metadata': turn });

test('the workspaces of a Codex turn are folders of the client, as object, list or JSON text', () => {
  expect(foldersInMeta(codex({ workspaces: { '/home/ada/boat': { branch: 'main' } } }))).toEqual([
    '/home/ada/boat',
  ]);
  expect(foldersInMeta(codex({ workspaces: ['/home/ada/boat', 'relative'] }))).toEqual(['/home/ada/boat']);
  expect(foldersInMeta(codex('{"workspaces":{"/home/ada/boat":{}}}'))).toEqual(['/home/ada/boat']);
  expect(foldersInMeta(undefined)).toEqual([]);
});

const THREAD = '019ac0de-7a1b-7c3d-8e4f-0123456789ab';

test.each([
  [{ 'claudecode/toolUseId': 'toolu_01AbCdEfGh' }, { client: 'claude', id: 'toolu_01AbCdEfGh' }],
  [codex({ thread_id: THREAD, workspaces: {} }), { client: 'codex', id: THREAD }],
  [codex(JSON.stringify({ thread_id: THREAD })), { client: 'codex', id: THREAD }],
  [{ 'claudecode/toolUseId': '../../other' }, undefined],
  [{ 'claudecode/toolUseId': '' }, undefined],
  [codex({ thread_id: '*' }), undefined],
  [codex({ thread_id: 7 }), undefined],
  [codex('not JSON'), undefined],
  [{ progressToken: 1 }, undefined],
  [undefined, undefined],
])('a call with the metadata %j is of the chat %j', (meta, chat) => {
  expect(chatInMeta(meta)).toEqual(chat);
});

test('a wait may last as long as its client allows, and a longer request is shortened', () => {
  expect(waitLimitMs('claude-code', undefined)).toBe(110_000);
  expect(waitLimitMs('claude-code', 1800)).toBe(1_800_000);
  expect(waitLimitMs('codex-mcp-client', 1800)).toBe(280_000);
  expect(waitLimitMs('gemini-cli-mcp-client', undefined)).toBe(540_000);
  expect(waitLimitMs('', 600)).toBe(45_000);
  expect(waitLimitMs('constructor', undefined)).toBe(45_000);
  expect(waitLimitMs('claude-code', 3)).toBe(3000);
});
