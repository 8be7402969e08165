import { playedAt } from '../worker/gates/cheat.ts';
import { CHEATS } from '../worker/gates/cheats.ts';
import { gateTests } from '../worker/gates/gate-tests.ts';

gateTests('the qa gate stays closed when an agent', 'qa', 'none', playedAt('none', CHEATS.qa));
