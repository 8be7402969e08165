import { expect, test } from 'vitest';
import type { Host } from '../../src/base/processes/host.ts';
import type { Lease } from '../../src/base/processes/lease.ts';
import { isContinuedBy } from '../../src/session/continued-by.ts';
import { hostWith } from '../support/hosts.ts';

const OWN = 'our-supervisor';

const MACHINE = hostWith([]);
const CONTAINER = hostWith([], { container: 'box', pidNamespace: 'pid:[2]' });

/** The lease of a worker on `host`. */
function leaseOn(host: Host, more: Partial<Lease> = {}): Lease {
  const { hostId, bootId, pidNamespace, container } = host;
  const owner = { hostId, bootId, pidNamespace, pid: 7, startTicks: '1' };
  return { v: 1, number: 1, owner, container, acquiredAt: '2026-01-08T10:00:00.000Z', ...more };
}

test.each<[what: string, lease: Lease | undefined, here: Host, is: boolean]>([
  ['that never had a worker', undefined, MACHINE, true],
  ['of this supervisor', leaseOn(MACHINE, { supervisor: OWN }), MACHINE, true],
  ['of another HOME', leaseOn(MACHINE, { supervisor: 'another' }), MACHINE, false],
  [
    'of this supervisor, before the machine got another name',
    leaseOn(CONTAINER, { supervisor: OWN }),
    MACHINE,
    true,
  ],
  ['of an earlier version, on this machine', leaseOn(MACHINE), MACHINE, true],
  ['of an earlier version, before a restart', leaseOn(hostWith([], { bootId: 'before' })), MACHINE, true],
  ['of an earlier version, on another machine', leaseOn(hostWith([], { hostId: 'laptop' })), MACHINE, false],
  [
    'of an earlier version, under the former name of this machine',
    leaseOn(hostWith([], { hostId: 'old name' })),
    hostWith([], { formerHostId: 'old name' }),
    true,
  ],
  ['of an earlier version, in a container', leaseOn(CONTAINER), MACHINE, false],
  ['of an earlier version, outside of this container', leaseOn(MACHINE), CONTAINER, false],
  [
    'of an earlier version, in this container before its restart',
    leaseOn(hostWith([], { container: 'box', pidNamespace: 'pid:[9]' })),
    CONTAINER,
    true,
  ],
  [
    'of an earlier version, in another pid namespace',
    leaseOn(hostWith([], { pidNamespace: 'pid:[9]' })),
    MACHINE,
    false,
  ],
])('who continues a session %s', (_what, lease, here, is) => {
  expect(isContinuedBy(lease, OWN, here)).toBe(is);
});
