import { afterAll, describe, test } from 'vitest';
import { playedAt } from '../worker/gates/cheat.ts';
import { CHEATS } from '../worker/gates/cheats.ts';
import { GateKeeper } from '../worker/gates/gate-keeper.ts';

const keeper = new GateKeeper('replan', 'guard');
afterAll(() => keeper[Symbol.asyncDispose]());

describe('the replan gate stays closed in the guard when a child', () => {
  test.for(playedAt('guard', CHEATS.replan).map((cheat) => [cheat.name, cheat] as const))('%s', ([, cheat]) =>
    keeper.holds(cheat),
  );
});
