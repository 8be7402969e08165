import type { Holding, Lease } from '../../base/processes/lease.ts';
import { SESSION_ERRORS } from '../layout/session-errors.ts';
import { COMMAND_ERRORS } from './command-errors.ts';
import { type Refused, refused } from './refused.ts';

interface TakeOverFacts {
  session: string;
  holding: Holding;
  newer?: string | undefined;
  /** The number of the lease whose owner the person has given up; absent while they are asked. */
  givenUp?: number | undefined;
}

/**
 * Whether a session may be taken from its worker: from one that can't be judged from here, because it ran on another machine
 * or in another container, and only while that one has it. Nothing but a person's word says that it is gone for good.
 */
export function judgeTakeOver({
  session,
  holding,
  newer,
  givenUp,
}: TakeOverFacts): { kind: 'accepted'; lease: Lease } | { kind: 'not_needed' } | Refused {
  if (newer !== undefined) return refused(SESSION_ERRORS.newer_format({ newer }));
  if (holding.kind !== 'held' || holding.liveness === 'dead') return { kind: 'not_needed' };
  const { lease, liveness } = holding;
  // Another owner that came meanwhile is no less to be respected.
  if (liveness === 'unknowable' && lease.number === (givenUp ?? lease.number))
    return { kind: 'accepted', lease };
  const { owner, acquiredAt: since } = lease;
  return refused(COMMAND_ERRORS.worker_lives({ session, pid: owner.pid, since }));
}
