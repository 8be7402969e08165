import { afterAll, describe, test } from 'vitest';
import { ciIf } from '../../support/ci.ts';
import { byChild, type Cheat, type GateName, type Level, WORKER_KINDS, workerKind } from './cheat.ts';
import { GateKeeper } from './gate-keeper.ts';

/** Adds one test for each case. */
export function gateTests(title: string, gate: GateName, level: Level, cheats: readonly Cheat[]): void {
  const keeper = new GateKeeper(gate, level);
  const children = byChild(level, cheats);
  // Those with the same kind of worker come one after the other, because they share sessions.
  const inOrder = WORKER_KINDS.flatMap((kind) =>
    children.filter((played) => workerKind(level, played) === kind),
  );
  const rows = inOrder.flatMap((played) => {
    const holds = heldOnce(keeper, played);
    return played.map((cheat) => ({ cheat, run: () => holds(cheat) }));
  });
  describe(title, () => {
    afterAll(() => keeper[Symbol.asyncDispose]());
    for (const { cheat, run } of rows) test(cheat.name, ciIf(cheat.ci), run);
  });
}

/** Plays the cases of one agent once. If that fails, each is played alone too, so that the failure names its case. */
function heldOnce(keeper: GateKeeper, cheats: readonly Cheat[]): (cheat: Cheat) => Promise<void> {
  let playing: Promise<void> | undefined;
  let isNamed = false;
  return async (cheat) => {
    playing ??= keeper.holds(cheats);
    try {
      await playing;
    } catch (error) {
      if (cheats.length === 1) throw error;
      await keeper.holds([cheat]).catch((own) => {
        isNamed = true;
        throw own;
      });
      if (!isNamed && cheat === cheats.at(-1)) throw error;
    }
  };
}
