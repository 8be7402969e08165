import { playedAt } from '../gates/cheat.ts';
import { CHEATS } from '../gates/cheats.ts';
import { gateTests } from '../gates/gate-tests.ts';

gateTests(
  'the replan gate stays closed in the guard when an agent',
  'replan',
  'guard',
  playedAt('guard', CHEATS.replan),
);
