import { afterAll, describe, test } from 'vitest';
import { leftToGuard } from '../worker/gates/cheat.ts';
import { CHEATS } from '../worker/gates/cheats.ts';
import { GateKeeper } from '../worker/gates/gate-keeper.ts';

describe.each(['qa', 'plan', 'replan'] as const)(
  'without a guard, the %s gate stays closed when a child',
  (gate) => {
    const keeper = new GateKeeper(gate);
    afterAll(() => keeper[Symbol.asyncDispose]());
    test.for(leftToGuard(CHEATS[gate]).map((cheat) => [cheat.name, cheat] as const))('%s', ([, cheat]) =>
      keeper.holds(cheat),
    );
  },
);
