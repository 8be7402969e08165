import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonValue, valueAt } from '../../../../../src/extensions/setup/install/json-member.ts';
import { changeMember } from '../../../../../src/extensions/setup/install/settings-file.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

const AT = ['mcpServers', 'samocode'];
const SERVER = { command: 'node', args: ['/x/samocode-mcp.js'] };
const SETTINGS = fc.dictionary(
  fc.constantFrom('a', 'b', 'mcpServers'),
  fc.dictionary(
    fc.string().filter((name) => name !== 'samocode'),
    fc.jsonValue(),
    { minKeys: 1 },
  ),
);

async function settingsOf(text: string) {
  const dir = await tempDir();
  const path = join(dir.path, 'settings.json');
  await writeFile(path, text);
  return {
    change: async (value: unknown, at: readonly string[] = AT, keepParents = false) =>
      await changeMember(path, at, () => value, keepParents),
    text: () => readFile(path, 'utf8'),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

test('a member is added to any settings, and removing it again restores every byte', async () => {
  await fc.assert(
    fc.asyncProperty(SETTINGS, async (settings) => {
      const before = JSON.stringify(settings, undefined, 2);
      await using file = await settingsOf(before);
      await file.change(SERVER);
      expect(valueAt(jsonValue(await file.text()), AT)).toEqual(SERVER);
      await file.change(undefined);
      expect(await file.text()).toBe(before);
    }),
    { numRuns: 50 },
  );
});

test('objects that become empty are removed too, unless their owner expects them', async () => {
  const text = JSON.stringify({ a: 1, mcpServers: { samocode: SERVER } });
  await using one = await settingsOf(text);
  await one.change(undefined);
  expect(jsonValue(await one.text())).toEqual({ a: 1 });
  await using other = await settingsOf(text);
  await other.change(undefined, AT, true);
  expect(jsonValue(await other.text())).toEqual({ a: 1, mcpServers: {} });
});

test('items go into a list and out of it between the comments of its owner', async () => {
  const text = '{\n  "allow": [\n    "x", // Mine.\n    // Mine, too.\n    "y"\n  ]\n}\n';
  await using file = await settingsOf(text);
  await file.change(['x', 'y', 'ours'], ['allow']);
  expect(jsonValue(await file.text())).toEqual({ allow: ['x', 'y', 'ours'] });
  expect(await file.text()).toMatch(/Mine\..*Mine, too\./s);
  await file.change(['x', 'y'], ['allow']);
  expect(await file.text()).toBe(text);
  const line = '{ "allow": ["ours", "x", "ours too"] }\n';
  await using other = await settingsOf(line);
  await other.change(['x'], ['allow']);
  expect(await other.text()).toBe('{ "allow": ["x"] }\n');
});

test.each([
  ['a list in place of an object', { mcpServers: [] }],
  ['a string in place of an object', { mcpServers: 'none' }],
  ['no object', []],
])('settings with %s are refused', async (_, settings) => {
  const text = JSON.stringify(settings);
  await using file = await settingsOf(text);
  await expect(file.change(SERVER)).rejects.toThrow('settings.json');
  expect(await file.text()).toBe(text);
});
