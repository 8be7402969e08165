import { expect, test } from 'vitest';
import { definedOnly } from '../../../../src/core/kernel/defined-only.ts';

test('a name without a value is dropped, while an empty value is kept', () => {
  expect(definedOnly({ A: 'a', B: undefined, C: '' })).toEqual({ A: 'a', C: '' });
});
