import { playedAt } from '../gates/cheat.ts';
import { CHEATS } from '../gates/cheats.ts';
import { gateTests } from '../gates/gate-tests.ts';

gateTests('the qa gate stays closed in the guard when an agent', 'qa', 'guard', playedAt('guard', CHEATS.qa));
