import { type Clock, isoUtc } from '../../core/kernel/clock.ts';
import { type Host, identify } from '../../core/kernel/processes/host.ts';
import { giveLease, isElsewhere, ownerElsewhere, readLeases } from '../../core/kernel/processes/lease.ts';
import type { SessionPaths } from '../../core/session/layout/paths.ts';

/**
 * Takes the lease from the session's worker here, which then ends its agent within a second and stops writing.
 * Readers see that the worker is on another machine.
 * @param hostName the machine that has the session now, as shown to people
 */
export async function fence(
  { leases }: Pick<SessionPaths, 'leases'>,
  hostName: string,
  clock: Pick<Clock, 'now'>,
): Promise<void> {
  const owner = ownerElsewhere(hostName);
  const newest = (await readLeases(leases)).at(-1);
  if (newest !== undefined && isElsewhere(newest)) return;
  await giveLease(leases, { owner, acquiredAt: isoUtc(clock.now()) });
}

export interface Lack {
  /** Needs that no machine meets; empty if a machine could take the session. */
  needs: readonly string[];
  /** The supervisor that notifies people of the unmet needs. */
  supervisor?: string;
}

/** Records, if it changed, which unmet needs keep every machine from taking a session that no machine holds. */
export async function noteLack(
  { leases }: Pick<SessionPaths, 'leases'>,
  { needs, supervisor }: Lack,
  clock: Pick<Clock, 'now'>,
): Promise<void> {
  const newest = (await readLeases(leases)).at(-1);
  const isSame = (newest?.lacks ?? []).join() === needs.join();
  if (newest === undefined || !isElsewhere(newest) || isSame) return;
  const lacks = needs.length > 0 ? { lacks: [...needs], supervisor } : {};
  await giveLease(leases, { owner: newest.owner, acquiredAt: isoUtc(clock.now()), ...lacks });
}

/**
 * Makes this machine the owner of a session copied here. The new lease is already released, so that the supervisor
 * finds a session without a worker and starts one.
 * @param supervisor the supervisor's identity, as leases record it
 */
export async function claimLease(
  { leases }: Pick<SessionPaths, 'leases'>,
  { host, clock, supervisor }: { host: Host; clock: Pick<Clock, 'now'>; supervisor?: string | undefined },
): Promise<void> {
  const owner = await identify(host, process.pid);
  if (owner === undefined) throw new Error('This process is not in the process table.');
  const at = isoUtc(clock.now());
  await giveLease(leases, { owner, supervisor, acquiredAt: at, releasedAt: at });
}
