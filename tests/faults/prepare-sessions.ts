import { rm } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { type RigPlan, startRig } from '../support/session-rig.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Temporary folders of resting sessions, which rows copy. */
    prepared: Record<'rest' | 'questions', string>;
  }
}

/** The scenario of every copy; each row replaces it. */
const scenario = 'export default { paceMs: 0, rules: [] };';

/** Plays a session to the point where most rows begin, once per run. */
export function setup(project: TestProject): Promise<() => Promise<void>> {
  return prepareSessions(project);
}

export async function prepareSessions(
  project: TestProject,
  begun: Pick<RigPlan, 'sandbox'> = {},
): Promise<() => Promise<void>> {
  // Variables of test files do not apply to a global setup.
  Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.0.0-test' });
  const [rest, questions] = await Promise.all([
    startRig({ ...begun, faults: true, scenario, start: { run: false } }),
    startRig({ ...begun, faults: true, scenario }),
  ]);
  await questions.untilWaiting('qa_answers');
  await questions.stop();
  const roots: string[] = [];
  for (const rig of [rest, questions]) {
    await rig.until(({ status }) => status.kind === 'stopped');
    if ((await rig.workerPid()) !== undefined)
      throw new Error('A worker of a prepared session did not leave.');
    roots.push(rig.repo.root);
  }
  project.provide('prepared', { rest: rest.repo.root, questions: questions.repo.root });
  return async () => {
    for (const root of roots) await rm(root, { recursive: true, force: true });
  };
}
