import { playedAt } from '../worker/gates/cheat.ts';
import { CHEATS } from '../worker/gates/cheats.ts';
import { gateTests } from '../worker/gates/gate-tests.ts';

gateTests('the replan gate stays closed when an agent', 'replan', 'none', playedAt('none', CHEATS.replan));
