import { planHash } from '../../src/core/session/documents/plan.ts';
import type { NewEvent } from '../../src/core/session/events/events.ts';

/** The first agent works. */
export const STARTED = {
  type: 'iteration_started',
  iteration: 1,
  phase: 'investigation',
  provider: 'rehearsal',
  model: '',
  log: 'x.jsonl',
  childUuid: '6f1c9c0e-3f0e-4b9f-8d77-3a3a3a3a3a3a',
  timeLimitMs: 1000,
  credentials: [],
  sandbox: 'none',
} as const satisfies NewEvent;

/** A session gets its first worker. */
export const TAKEN = {
  type: 'worker_took_over',
  worker: { pid: 7, startTicks: '1', bootId: 'b', pidNamespace: 'n', hostId: 'h' },
  version: '0.3.0',
  previous: 'none',
  recovery: 'nothing',
} as const satisfies NewEvent;

/** A worker comes after one that died. */
export const DIED = { ...TAKEN, previous: 'died', recovery: 'adopt' } as const satisfies NewEvent;

/** The session waits for the approval of this plan. */
export const planned = (name: string, text: string) =>
  ({
    ...{ type: 'parked', for: 'plan_approval', resumePhase: 'planning', openQuestions: [], unconfirmed: [] },
    plan: { name, hash: planHash(text) },
  }) satisfies NewEvent as NewEvent;
