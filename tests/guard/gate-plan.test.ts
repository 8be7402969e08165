import { afterAll, describe, test } from 'vitest';
import { playedAt } from '../worker/gates/cheat.ts';
import { CHEATS } from '../worker/gates/cheats.ts';
import { GateKeeper } from '../worker/gates/gate-keeper.ts';

const keeper = new GateKeeper('plan', 'guard');
afterAll(() => keeper[Symbol.asyncDispose]());

describe('the plan gate stays closed in the guard when a child', () => {
  test.for(playedAt('guard', CHEATS.plan).map((cheat) => [cheat.name, cheat] as const))('%s', ([, cheat]) =>
    keeper.holds(cheat),
  );
});
