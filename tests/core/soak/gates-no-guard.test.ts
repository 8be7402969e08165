import { deferredToGuard } from '../gates/cheat.ts';
import { CHEATS } from '../gates/cheats.ts';
import { gateTests } from '../gates/gate-tests.ts';

for (const gate of ['qa', 'plan', 'replan'] as const)
  gateTests(
    `without a guard, the ${gate} gate stays closed when an agent`,
    gate,
    'none',
    deferredToGuard(CHEATS[gate]),
  );
