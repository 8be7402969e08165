import { expect, test } from 'vitest';
import { definedOnly } from '../../src/base/defined-only.ts';

test('a name without a value is left out, and an empty value is one', () => {
  expect(definedOnly({ A: 'a', B: undefined, C: '' })).toEqual({ A: 'a', C: '' });
});
