import type { TestProject } from 'vitest/node';
import { startRig } from '../support/session-rig.ts';
import { endOfWorker } from '../support/supervisors.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The temporary folder of a session that waits for answers, with no worker. */
    asking: string;
  }
}

/** Plays a session to its questions, once per run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // What is set for test files is not for what runs before them.
  Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.0.0-test' });
  const rig = await startRig({ scenario: 'export default { paceMs: 0, rules: [] };' });
  await rig.untilWaiting('qa_answers');
  await endOfWorker(rig);
  project.provide('asking', rig.repo.root);
  return async () => await rig[Symbol.asyncDispose]();
}
