import { leftToGuard } from '../worker/gates/cheat.ts';
import { CHEATS } from '../worker/gates/cheats.ts';
import { gateTests } from '../worker/gates/gate-tests.ts';

for (const gate of ['qa', 'plan', 'replan'] as const)
  gateTests(
    `without a guard, the ${gate} gate stays closed when a child`,
    gate,
    'none',
    leftToGuard(CHEATS[gate]),
  );
