import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addToJson, removeFromJson } from '../../src/actions/install/json-edit.ts';
import { jsonValue } from '../../src/actions/install/json-tree.ts';
import { withOldBytes } from '../../src/actions/install/keep-bytes.ts';

const AT = ['mcpServers', 'samocode'];
const VALUE = { command: 'node', args: ['a.js'] };

test('a server goes to the end of those that are there, and nothing else moves', () => {
  const text =
    '{\r\n\t// mine\r\n\t"mcpServers": {\r\n\t\t"other": {"command": "x"}, /* last */\r\n\t},\r\n\t"theme" :"dark"\r\n}\r\n';
  const added = addToJson(text, AT, VALUE);
  expect(added?.text).toBe(
    '{\r\n\t// mine\r\n\t"mcpServers": {\r\n\t\t"other": {"command": "x"},\r\n\t\t"samocode": {\r\n\t\t\t"command": "node",\r\n\t\t\t"args": [\r\n\t\t\t\t"a.js"\r\n\t\t\t]\r\n\t\t}, /* last */\r\n\t},\r\n\t"theme" :"dark"\r\n}\r\n',
  );
  expect(removeFromJson(added?.text ?? '', AT, { made: added?.made ?? 0 })).toBe(text);
});

test('what was made on the way goes with it, what was there before stays', () => {
  const made = addToJson('{"a":1}', AT, VALUE);
  expect(removeFromJson(made?.text ?? '', AT, { made: made?.made ?? 0 })).toBe('{"a":1}');
  const there = addToJson('{"a":1,"mcpServers":{}}', AT, VALUE);
  expect(removeFromJson(there?.text ?? '', AT, { made: there?.made ?? 0 })).toBe('{"a":1,"mcpServers":{}}');
});

test('items are added to a list once, and only ours are taken out', () => {
  const at = ['permissions', 'allow'];
  const text = '{\n  "permissions": {\n    "allow": ["Bash(ls)"]\n  }\n}\n';
  const once = addToJson(text, at, ['ours_a', 'ours_b'])?.text ?? '';
  expect(jsonValue(once)).toEqual({ permissions: { allow: ['Bash(ls)', 'ours_a', 'ours_b'] } });
  expect(addToJson(once, at, ['ours_a', 'ours_b'])?.text).toBe(once);
  expect(removeFromJson(once, at, { items: (item) => String(item).startsWith('ours') })).toBe(text);
});

test.each([
  '',
  '[]',
  '{',
  '{"a":}',
  '{"a":1}}',
  'null',
  '{"mcpServers": 3}',
  '{"mcpServers": {"samocode": ]}}',
])('nothing is done to %j, which is not what clients write', (text) => {
  expect(addToJson(text, AT, VALUE)).toBeUndefined();
});

const key = fc.oneof(fc.constantFrom('mcpServers', 'samocode', 'a', '__proto__x'), fc.string());
const object = fc.dictionary(key, fc.jsonValue({ maxDepth: 2 }));
const indent = fc.constantFrom(undefined, 2, 4, '\t');

test('adding and undoing gives every byte back, whatever the file', () => {
  fc.assert(
    fc.property(object, indent, fc.jsonValue(), (value, space, ours) => {
      const text = `${JSON.stringify(value, undefined, space)}\n`;
      fc.pre(!('samocode' in Object(Object(value).mcpServers)));
      const added = addToJson(text, AT, ours);
      fc.pre(added !== undefined);
      const { mcpServers } = Object(jsonValue(added?.text ?? ''));
      expect(JSON.stringify(mcpServers.samocode)).toBe(JSON.stringify(ours));
      expect(removeFromJson(added?.text ?? '', AT, { made: added?.made ?? 0 })).toBe(text);
    }),
  );
});

test('JSON is read as JSON.parse reads it, and other texts never throw', () => {
  fc.assert(
    fc.property(fc.json(), indent, (json, space) => {
      const text = JSON.stringify(JSON.parse(json), undefined, space);
      expect(JSON.stringify(jsonValue(text))).toBe(text.length > 0 ? JSON.stringify(JSON.parse(json)) : '');
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\/* \n1ea-') }), (text) => {
      expect(() => addToJson(text, AT, VALUE)).not.toThrow();
      expect(() => removeFromJson(text, AT)).not.toThrow();
    }),
  );
});

test('a file written anew by others has their value and its old bytes', () => {
  const before = '{\n\t"b": 1, "a": [ 1,2 ],\n\t"c": {"d": 1}\n}';
  const after = JSON.stringify({ a: [1, 2], c: { d: 1, e: 2 }, new: {}, b: 1 });
  expect(withOldBytes(before, after)).toBe(
    '{\n\t"b": 1, "a": [ 1,2 ],\n\t"c": {"d": 1, "e": 2},\n\t"new": {}\n}',
  );
  fc.assert(
    fc.property(object, object, indent, (old, wanted, space) => {
      const text = withOldBytes(JSON.stringify(old, undefined, space), JSON.stringify(wanted));
      expect(jsonValue(text)).toEqual(JSON.parse(JSON.stringify(wanted)));
    }),
  );
});
