import { afterAll, describe, test } from 'vitest';
import { playedAt } from '../worker/gates/cheat.ts';
import { CHEATS } from '../worker/gates/cheats.ts';
import { GateKeeper } from '../worker/gates/gate-keeper.ts';

const keeper = new GateKeeper('qa');
afterAll(() => keeper[Symbol.asyncDispose]());

describe('the qa gate stays closed when a child', () => {
  test.for(playedAt('none', CHEATS.qa).map((cheat) => [cheat.name, cheat] as const))('%s', ([, cheat]) =>
    keeper.holds(cheat),
  );
});
