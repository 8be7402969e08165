import { type Clock, isoUtc } from '../../kernel/clock.ts';
import { giveLease, isElsewhere, ownerElsewhere, readLeases } from '../../kernel/processes/lease.ts';

/** The owner of a session that a pool assigns to a machine, and of one that a person has to take on a machine. */
export const OFFERED = 'pool';
export const PARKED = 'parked';

/**
 * Takes the lease from the session's worker here, which then ends its agent within a second and stops writing.
 * Readers see that the worker is on another machine.
 * @param hostName the machine that has the session now, as shown to people
 */
export async function fence(
  { leases }: { leases: string },
  hostName: string,
  clock: Pick<Clock, 'now'>,
): Promise<void> {
  const owner = ownerElsewhere(hostName);
  const newest = (await readLeases(leases)).at(-1);
  if (newest !== undefined && isElsewhere(newest)) return;
  await giveLease(leases, { owner, acquiredAt: isoUtc(clock.now()) });
}
