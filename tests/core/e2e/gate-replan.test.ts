import { playedAt } from '../gates/cheat.ts';
import { CHEATS } from '../gates/cheats.ts';
import { gateTests } from '../gates/gate-tests.ts';

gateTests('the replan gate stays closed when an agent', 'replan', 'none', playedAt('none', CHEATS.replan));
