import { playedAt } from '../gates/cheat.ts';
import { CHEATS } from '../gates/cheats.ts';
import { gateTests } from '../gates/gate-tests.ts';

gateTests('the plan gate stays closed when an agent', 'plan', 'none', playedAt('none', CHEATS.plan));
