import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  valueAt,
  withMember,
  withoutMember,
} from '../../../../../src/extensions/setup/install/json-member.ts';

const AT = ['mcpServers', 'samocode'];
const SERVER = { command: 'node', args: ['/x/samocode-mcp.js'] };
const SETTINGS = fc.dictionary(
  fc.constantFrom('a', 'b', 'mcpServers'),
  fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }),
);

test('a member is added to any settings, and removing it again restores them', () => {
  fc.assert(
    fc.property(SETTINGS, (settings) => {
      const before = withoutMember(settings, AT);
      const added = withMember(before, AT, SERVER) ?? {};
      expect(valueAt(added, AT)).toEqual(SERVER);
      expect(withoutMember(added, AT)).toEqual(before);
    }),
  );
});

test('objects that become empty are removed too, unless their owner expects them', () => {
  const settings = { a: 1, mcpServers: { samocode: SERVER } };
  expect(withoutMember(settings, AT)).toEqual({ a: 1 });
  expect(withoutMember(settings, AT, true)).toEqual({ a: 1, mcpServers: {} });
});

test.each([
  ['a list in place of an object', { mcpServers: [] }],
  ['a string in place of an object', { mcpServers: 'none' }],
  ['no object', []],
])('settings with %s are refused', (_name, settings) => {
  expect(withMember(settings, AT, SERVER)).toBeUndefined();
});
