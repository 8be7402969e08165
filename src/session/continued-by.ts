import type { Lease } from '../base/processes/lease.ts';

/** Whether the supervisor of this identity continues a session, as its last lease says. One without a lease has not begun. */
export function isContinuedBy(lease: Lease | undefined, identity: string): boolean {
  return lease === undefined || lease.supervisor === identity;
}
