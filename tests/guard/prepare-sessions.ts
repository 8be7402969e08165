import type { TestProject } from 'vitest/node';
import { prepareSessions } from '../faults/prepare-sessions.ts';

/** Sessions that began in the guard: below its level none of them goes on. */
export function setup(project: TestProject): Promise<() => Promise<void>> {
  return prepareSessions(project, { sandbox: 'guard' });
}
