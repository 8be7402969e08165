import { playedAt } from '../gates/cheat.ts';
import { CHEATS } from '../gates/cheats.ts';
import { gateTests } from '../gates/gate-tests.ts';

gateTests(
  'the plan gate stays closed in the guard when an agent',
  'plan',
  'guard',
  playedAt('guard', CHEATS.plan),
);
