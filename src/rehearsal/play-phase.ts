import type { Phase } from '../phases/table.ts';
import { settleRequirements } from './ask.ts';
import { hearGuidance } from './guidance.ts';
import { implement } from './implement.ts';
import { begin, investigate } from './investigate.ts';
import { makePlan } from './make-plan.ts';
import { review } from './review.ts';
import { runTests } from './run-tests.ts';
import type { Scene } from './scene.ts';
import { summarise } from './summarise.ts';

/** One iteration's normal work, by phase. Each gives the child's last words. */
const ACTS: Readonly<Record<Phase, (scene: Scene) => Promise<string>>> = {
  init: begin,
  investigation: investigate,
  requirements: settleRequirements,
  planning: makePlan,
  implementation: implement,
  testing: runTests,
  quality: review,
  done: summarise,
};

export async function playPhase(scene: Scene): Promise<string> {
  const acknowledged = await hearGuidance(scene);
  return ACTS[scene.phase]({ ...scene, acknowledged });
}
