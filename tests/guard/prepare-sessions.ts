import type { TestProject } from 'vitest/node';
import { prepareSessions } from '../faults/prepare-sessions.ts';

/** Sessions that started in the guard: none continues at a lower level. */
export function setup(project: TestProject): Promise<() => Promise<void>> {
  return prepareSessions(project, { sandbox: 'guard' });
}
