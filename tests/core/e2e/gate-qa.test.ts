import { playedAt } from '../gates/cheat.ts';
import { CHEATS } from '../gates/cheats.ts';
import { gateTests } from '../gates/gate-tests.ts';

gateTests('the qa gate stays closed when an agent', 'qa', 'none', playedAt('none', CHEATS.qa));
