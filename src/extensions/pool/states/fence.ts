import { type Clock, isoUtc } from '../../../core/kernel/clock.ts';
import { type Host, identify } from '../../../core/kernel/processes/host.ts';
import { giveLease, isElsewhere, readLeases } from '../../../core/kernel/processes/lease.ts';
import type { SessionPaths } from '../../../core/session/layout/paths.ts';

export interface UnmetNeeds {
  /** Empty if a machine could take the session. */
  needs: readonly string[];
  /** The supervisor that notifies people of the unmet needs. */
  supervisor?: string;
}

/** Records, if it changed, which unmet needs keep every machine from taking a session that no machine holds. */
export async function recordUnmetNeeds(
  { leases }: Pick<SessionPaths, 'leases'>,
  { needs, supervisor }: UnmetNeeds,
  clock: Pick<Clock, 'now'>,
): Promise<void> {
  const newest = (await readLeases(leases)).at(-1);
  const isSame = (newest?.unmetRequirements ?? []).join() === needs.join();
  if (newest === undefined || !isElsewhere(newest) || isSame) return;
  const unmet = needs.length > 0 ? { unmetRequirements: [...needs], supervisor } : {};
  await giveLease(leases, { owner: newest.owner, acquiredAt: isoUtc(clock.now()), ...unmet });
}

/**
 * Makes this machine the owner of a session copied here. The new lease is already released, so that the supervisor
 * finds a session without a worker and starts one.
 * @param supervisor the supervisor's identity, as leases record it
 */
export async function claimLease(
  { leases }: Pick<SessionPaths, 'leases'>,
  { host, clock, supervisor }: { host: Host; clock: Pick<Clock, 'now'>; supervisor?: string },
): Promise<void> {
  const owner = await identify(host, process.pid);
  if (owner === undefined) throw new Error('This process is not in the process table.');
  const at = isoUtc(clock.now());
  await giveLease(leases, { owner, supervisor, acquiredAt: at, releasedAt: at });
}
