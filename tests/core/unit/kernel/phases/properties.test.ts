import { expect, test } from 'vitest';
import { RULES } from '../../../../support/phase-facts.ts';
import { forEveryState, RULES_OF_EVERY_STATE } from '../../../properties/every-state.ts';
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
    found: 'nothing',
  } as const;
  const failure = { ...act, end: 'killed', kind: 'none', target: 0 } as const;
  const stubborn = [failure, failure, failure, { ...act, target: 0 }];
  expect(childrenAtMost(RULES)).toBe(1969);
  expect(rehearse(stubborn, RULES)).toBe(20);
});

const broken = new Map<string, string>();
let states = 0;

test('there are as many states as the facts have combinations', () => {
  states = forEveryState((state) => {
    for (const [name, holds] of Object.entries(RULES_OF_EVERY_STATE)) {
      if (broken.has(name)) continue;
      try {
        holds(state);
      } catch (error) {
        broken.set(name, `${error}\n${JSON.stringify(state)}`);
      }
    }
  });
  // 20 phases of the ways, 4 progresses, 8 rules, 72 outcomes, 16 signals and one more with a message.
  expect(states).toBe(20 * 4 * 8 * 72 * 17);
});

test.each(Object.keys(RULES_OF_EVERY_STATE))('in every state: %s', (name) => {
  expect(states).toBeGreaterThan(0);
  expect(broken.get(name)).toBeUndefined();
});
