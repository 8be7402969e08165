import { type Clock, isoUtc } from '../base/clock.ts';
import { type Host, identify } from '../base/processes/host.ts';
import { giveLease, isElsewhere, ownerElsewhere, readLeases } from '../base/processes/lease.ts';
import type { SessionPaths } from '../session/layout/paths.ts';

/**
 * Takes a session from its worker here, which ends its agent within a second and writes nothing more. Readers see that
 * its worker is on another machine.
 * @param hostName who has it now, for people
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
  /** What no machine has; empty where one could take the session. */
  needs: readonly string[];
  /** Of the machine that notifies of it. */
  supervisor?: string;
}

/** Records in a session that nobody has what keeps every machine from it, where that has changed. */
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
 * Gives a session that was laid down here to this machine: its lease is released by this supervisor, so that whoever
 * looks for sessions without a worker starts one.
 * @param supervisor its identity, as leases carry it
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
