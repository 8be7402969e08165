import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldersInMeta } from '../../src/server/client-folders.ts';

test("the workspaces of Codex's turn are folders of the client, as object, list or JSON text", () => {
  const meta = (turn: unknown) => ({ 'x-codex-turn-metadata': turn });
  expect(foldersInMeta(meta({ workspaces: { '/home/ada/boat': { branch: 'main' } } }))).toEqual([
    '/home/ada/boat',
  ]);
  expect(foldersInMeta(meta({ workspaces: ['/home/ada/boat', 'relative'] }))).toEqual(['/home/ada/boat']);
  expect(foldersInMeta(meta('{"workspaces":{"/home/ada/boat":{}}}'))).toEqual(['/home/ada/boat']);
  expect(foldersInMeta(undefined)).toEqual([]);
});

test('whatever a client puts there, reading it gives absolute folders or nothing', () => {
  fc.assert(
    fc.property(fc.anything(), (turn) => {
      const folders = foldersInMeta({ 'x-codex-turn-metadata': turn });
      expect(folders.every((folder) => folder.startsWith('/'))).toBe(true);
    }),
  );
});
