import { type Cheat, type GateName, inRounds } from './cheat.ts';
import { EVERYWHERE } from './cheats-everywhere.ts';
import { PLAN_CHEATS } from './cheats-plan.ts';
import { QA_CHEATS } from './cheats-qa.ts';
import { REPLAN_CHEATS } from './cheats-replan.ts';
import { WORKER_CHEATS } from './cheats-worker.ts';

const ANYWHERE = [...EVERYWHERE, ...WORKER_CHEATS];

/** At its own gate an agent cheats with its own files, unless a row says otherwise. */
const byOwnFiles = (cheats: readonly Cheat[]): Cheat[] =>
  cheats.map((cheat) => ({ ownFiles: cheat.withoutGuard === undefined, ...cheat }));

/** Every case by the gate at which it is played; cases for any gate are divided between two. */
export const CHEATS: Readonly<Record<GateName, readonly Cheat[]>> = {
  qa: [...byOwnFiles(QA_CHEATS), ...inRounds(ANYWHERE.filter((_, index) => index % 2 === 0))],
  plan: [...byOwnFiles(PLAN_CHEATS), ...inRounds(ANYWHERE.filter((_, index) => index % 2 === 1))],
  replan: byOwnFiles(REPLAN_CHEATS),
};
