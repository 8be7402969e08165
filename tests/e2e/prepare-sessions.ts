import type { TestProject } from 'vitest/node';
import { startRig } from '../support/session-rig.ts';
import { endOfWorker } from '../support/supervisors.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The temporary folder of a session that waits for answers, with no worker. */
    asking: string;
    /** The same of one that waits for the approval of its plan. */
    planned: string;
    /** The same of one without gates that has not started its first agent. */
    resting: string;
  }
}

const scenario = 'export default { paceMs: 0, rules: [] };';

/** Plays sessions to their start, to their questions and to their plan, once per run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Variables of test files do not apply to code that runs before them.
  Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.0.0-test' });
  const [asking, planned, resting] = await Promise.all([
    startRig({ scenario }),
    startRig({ scenario, start: { task: 'Name the boats', acceptSuggestions: true } }),
    startRig({ scenario, lines: { GATES: 'none' }, start: { run: false } }),
  ]);
  await Promise.all([asking.untilWaiting('qa_answers'), planned.untilWaiting('plan_approval')]);
  for (const rig of [asking, planned, resting]) await endOfWorker(rig);
  project.provide('asking', asking.repo.root);
  project.provide('planned', planned.repo.root);
  project.provide('resting', resting.repo.root);
  return async () => {
    for (const rig of [asking, planned, resting]) await rig[Symbol.asyncDispose]();
  };
}
