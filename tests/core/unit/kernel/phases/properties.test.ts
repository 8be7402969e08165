import { expect, test } from 'vitest';
import { RULES } from '../../../../support/phase-facts.ts';
import { childrenAtMost, rehearse } from '../../../properties/phase-walk.ts';
import { phaseProperties } from '../../../properties/phases.ts';

test.each(phaseProperties)('$name', ({ run }) => {
  run(300);
});

test('agents that fail as often as allowed end at the limit of their phase', () => {
  const act = {
    end: 'signalled',
    kind: 'signal',
    status: 0,
    changed: true,
    treeChanged: false,
    bad: false,
  } as const;
  const failure = { ...act, end: 'killed', kind: 'none', target: 0 } as const;
  const stubborn = [failure, failure, failure, { ...act, target: 0 }];
  expect(childrenAtMost(RULES)).toBe(1969);
  expect(rehearse(stubborn, RULES)).toBe(20);
});
