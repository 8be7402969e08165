import { expect, test } from 'vitest';
import { parseJson } from '../../../../src/core/kernel/parse-json.ts';

test.each(['', '{', '{"a":1} x', 'undefined', "{'a':1}"])(
  'a text that is not JSON is undefined: %s',
  (text) => {
    expect(parseJson(text)).toBeUndefined();
  },
);
