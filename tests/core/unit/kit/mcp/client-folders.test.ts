import { expect, test } from 'vitest';
import { clientFolders, foldersInMeta } from '../../../../../src/core/kit/mcp/client-folders.ts';
import type { Exchange } from '../../../../../src/core/kit/mcp/exchange.ts';

test('the workspaces of a Codex turn are folders of the client, as object, list or JSON text', () => {
  const meta = (turn: unknown) => ({ 'x-codex-turn-metadata': turn });
  expect(foldersInMeta(meta({ workspaces: { '/home/ada/boat': { branch: 'main' } } }))).toEqual([
    '/home/ada/boat',
  ]);
  expect(foldersInMeta(meta({ workspaces: ['/home/ada/boat', 'relative'] }))).toEqual(['/home/ada/boat']);
  expect(foldersInMeta(meta('{"workspaces":{"/home/ada/boat":{}}}'))).toEqual(['/home/ada/boat']);
  expect(foldersInMeta(undefined)).toEqual([]);
});

test('a client that gave no answer is asked for its folders again, while one that answered is not', async () => {
  let asked = 0;
  const exchange: Exchange = {
    client: { name: 'client', version: '1', capabilities: { roots: {} } },
    meta: undefined,
    signal: new AbortController().signal,
    notify: async () => {},
    async ask() {
      asked += 1;
      if (asked === 1) throw new Error('Not now.');
      return { roots: [{ uri: 'file:///home/ada/boat' }] };
    },
  };
  const folders = clientFolders();
  expect(await folders.read(exchange)).toEqual([]);
  expect(await folders.read(exchange)).toEqual(['/home/ada/boat']);
  await folders.read(exchange);
  expect(asked).toBe(2);
});

test('a client that cannot be asked during this request is asked during a later one', async () => {
  const client = { name: 'client', version: '1', capabilities: { roots: {} } };
  const mute: Exchange = {
    client,
    meta: undefined,
    signal: new AbortController().signal,
    notify: async () => {},
  };
  const folders = clientFolders();
  expect(await folders.read(mute)).toEqual([]);
  const ask = async () => ({ roots: [{ uri: 'file:///home/ada/boat' }, { uri: 'https://example.org' }] });
  expect(await folders.read({ ...mute, ask })).toEqual(['/home/ada/boat']);
});
