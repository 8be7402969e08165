import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  jsonValue,
  withMember,
  withoutMember,
} from '../../../../../src/extensions/setup/install/json-member.ts';

const AT = ['mcpServers', 'samocode'];
const SERVER = { command: 'node', args: ['/x/samocode-mcp.js'] };
const WRITTEN = fc
  .record({
    value: fc.dictionary(fc.constantFrom('a', 'b', 'mcpServers'), fc.dictionary(fc.string(), fc.jsonValue())),
    indent: fc.constantFrom(undefined, 2, 4, '\t'),
    newline: fc.constantFrom('\n', '\r\n'),
    end: fc.constantFrom('', '\n', '\n// the end\n'),
  })
  .map(
    ({ value, indent, newline, end }) =>
      JSON.stringify(value, undefined, indent).replaceAll('\n', newline) + end,
  );

test('a member is added to any settings, and removing it again restores their value', () => {
  fc.assert(
    fc.property(WRITTEN, (text) => {
      const before = withoutMember(text, AT);
      const added = withMember(before, AT, SERVER) ?? '';
      expect(jsonValue(added)).toHaveProperty(AT, SERVER);
      const { mcpServers: _emptied, ...others } = Object(jsonValue(before));
      expect(jsonValue(withoutMember(added, AT))).toMatchObject(others);
    }),
  );
});

test.each([
  ['a list in place of an object', '{ "mcpServers": [] }'],
  ['a string in place of an object', '{ "mcpServers": "none" }'],
  ['no object', '[]'],
  ['no JSON', '{ "mcpServers": '],
  ['a duplicate key, of which the last counts', '{ "mcpServers": {}, "mcpServers": {} }'],
])('settings with %s are refused', (_name, text) => {
  expect(withMember(text, AT, SERVER)).toBeUndefined();
});

test.each([
  ['before', '{ "a": 1, /* theirs */ "samocode": 2 }', '{ "a": 1 /* theirs */  }'],
  ['behind', '{ "samocode": 2, // theirs\n  "a": 1 }', '{ // theirs\n  "a": 1 }'],
  [
    'on both sides, with commas in them,',
    '{ "a": 1, // one, two\n  "samocode": 2, /* three, */ "b": 3 }',
    '{ "a": 1 // one, two\n  , /* three, */ "b": 3 }',
  ],
  ['around the only member', '{ /* x */ "samocode": 2, /* y */ }', '{ /* x */  /* y */ }'],
])('comments %s are kept when a member is removed', (_name, text, left) => {
  expect(withoutMember(text, ['samocode'])).toBe(left);
  expect(jsonValue(left)).toBeDefined();
});
