import { playedAt } from '../worker/gates/cheat.ts';
import { CHEATS } from '../worker/gates/cheats.ts';
import { gateTests } from '../worker/gates/gate-tests.ts';

gateTests('the replan gate stays closed when a child', 'replan', 'none', playedAt('none', CHEATS.replan));
