import { expect, test } from 'vitest';
import { chatInMeta, foldersInMeta } from '../../../../../src/core/faces/mcp/call-meta.ts';

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
