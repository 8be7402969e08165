import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { clientFolders, foldersInMeta } from '../../../../../src/core/kit/mcp/client-folders.ts';

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
  const server = new Server({ name: 'server', version: '1' }, { capabilities: {} });
  const client = new Client({ name: 'client', version: '1' }, { capabilities: { roots: {} } });
  let asked = 0;
  client.setRequestHandler(ListRootsRequestSchema, () => {
    asked += 1;
    if (asked === 1) throw new Error('Not now.');
    return { roots: [{ uri: 'file:///home/ada/boat' }] };
  });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(far), client.connect(near)]);
  const folders = clientFolders(server);
  expect(await folders.read()).toEqual([]);
  expect(await folders.read()).toEqual(['/home/ada/boat']);
  await folders.read();
  expect(asked).toBe(2);
  await client.close();
});
