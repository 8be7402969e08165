import type { Host } from '../base/processes/host.ts';
import type { Lease } from '../base/processes/lease.ts';

/**
 * Whether a session is continued by the supervisor of this identity: its last lease says so. Leases of earlier versions
 * name none, and count by their machine and container. One without a lease has not begun and is anybody's.
 */
export function isContinuedBy(
  lease: Lease | undefined,
  identity: string,
  { hostId, formerHostId, container, pidNamespace }: Host,
): boolean {
  if (lease === undefined) return true;
  if (lease.supervisor !== undefined) return lease.supervisor === identity;
  const { owner } = lease;
  if (owner.hostId !== hostId && owner.hostId !== formerHostId) return false;
  if (container !== undefined || lease.container !== undefined) return lease.container === container;
  return owner.pidNamespace === pidNamespace;
}
