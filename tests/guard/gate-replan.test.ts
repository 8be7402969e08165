import { playedAt } from '../worker/gates/cheat.ts';
import { CHEATS } from '../worker/gates/cheats.ts';
import { gateTests } from '../worker/gates/gate-tests.ts';

gateTests(
  'the replan gate stays closed in the guard when an agent',
  'replan',
  'guard',
  playedAt('guard', CHEATS.replan),
);
