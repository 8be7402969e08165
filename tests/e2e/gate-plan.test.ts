import { playedAt } from '../worker/gates/cheat.ts';
import { CHEATS } from '../worker/gates/cheats.ts';
import { gateTests } from '../worker/gates/gate-tests.ts';

gateTests('the plan gate stays closed when an agent', 'plan', 'none', playedAt('none', CHEATS.plan));
