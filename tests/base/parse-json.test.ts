import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../../src/base/parse-json.ts';

test('written JSON is read back, and any other text is undefined', () => {
  const anyJson = fc.json();
  fc.assert(
    fc.property(anyJson, (text) => {
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
  );
  for (const text of ['', '{', '{"a":1} x', 'undefined', "{'a':1}"]) expect(parseJson(text)).toBeUndefined();
});
