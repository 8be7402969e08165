import { expect, test } from 'vitest';
import type { Lease } from '../../../../src/core/kernel/processes/lease.ts';
import { isContinuedBy } from '../../../../src/core/session/folder/read-session.ts';
import type { Foreign } from '../../../../src/core/session/log/foreign.ts';
import { hostWith } from '../../../support/hosts.ts';

/** The lease of a worker, by default one whose session this supervisor may continue. */
function leaseOf(supervisor: string): Lease {
  const { hostId, bootId, pidNamespace } = hostWith([]);
  const owner = { hostId, bootId, pidNamespace, pid: 7, startTicks: '1' };
  return { v: 1, number: 1, owner, supervisor, acquiredAt: '2026-01-08T10:00:00.000Z' };
}

test.each<[what: string, lease: Lease | undefined, is: boolean, foreign?: Foreign]>([
  ['that never had a worker', undefined, true],
  ['of this supervisor', leaseOf('ours'), true],
  ['of another HOME', leaseOf('another'), false],
  ['that never had a worker and has no record', undefined, false, 'no_record'],
  ['whose lease names it, without a record', leaseOf('ours'), false, 'no_record'],
])('whether this supervisor continues a session %s', (_what, lease, is, foreign) => {
  expect(isContinuedBy({ lease, foreign }, 'ours')).toBe(is);
});
