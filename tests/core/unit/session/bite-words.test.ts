import { expect, test } from 'vitest';
import { unnoticedIn } from '../../../../src/core/session/proof/bite-words.ts';

test('a check that passes without the work is named for a requirement that is new, not for one that stays', () => {
  const bite = { passed: ['a', 'b', 'c'], red: [{ command: 'd', how: 'exit 1' }] };
  const requirements = [
    { id: 'R1', check: 'a', kind: 'new' },
    { id: 'R2', check: 'b', kind: 'stays' },
    { id: 'R3', check: 'c' },
  ] as const;
  expect(unnoticedIn(bite, requirements)).toEqual([
    "R1's command passes without the work: `a`",
    "R3's command passes without the work: `c`",
  ]);
});
