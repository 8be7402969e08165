import type { Cheat, GateName } from './cheat.ts';
import { EVERYWHERE } from './cheats-everywhere.ts';
import { PLAN_CHEATS } from './cheats-plan.ts';
import { QA_CHEATS } from './cheats-qa.ts';
import { REPLAN_CHEATS } from './cheats-replan.ts';
import { WORKER_CHEATS } from './cheats-worker.ts';

const ANYWHERE = [...EVERYWHERE, ...WORKER_CHEATS];

/** Every case by the gate at which it is played; what works at any gate is shared out between two. */
export const CHEATS: Readonly<Record<GateName, readonly Cheat[]>> = {
  qa: [...QA_CHEATS, ...ANYWHERE.filter((_, index) => index % 2 === 0)],
  plan: [...PLAN_CHEATS, ...ANYWHERE.filter((_, index) => index % 2 === 1)],
  replan: REPLAN_CHEATS,
};
