import { afterAll, describe, test } from 'vitest';
import { CHEATS } from '../worker/gates/cheats.ts';
import { GateKeeper } from '../worker/gates/gate-keeper.ts';

const keeper = new GateKeeper('plan');
afterAll(() => keeper[Symbol.asyncDispose]());

describe('the plan gate stays closed when a child', () => {
  test.for(CHEATS.plan.map((cheat) => [cheat.name, cheat] as const))('%s', ([, cheat]) =>
    keeper.holds(cheat),
  );
});
