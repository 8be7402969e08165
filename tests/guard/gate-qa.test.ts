import { playedAt } from '../worker/gates/cheat.ts';
import { CHEATS } from '../worker/gates/cheats.ts';
import { gateTests } from '../worker/gates/gate-tests.ts';

gateTests('the qa gate stays closed in the guard when an agent', 'qa', 'guard', playedAt('guard', CHEATS.qa));
