import { BASE_ERRORS } from '../../kernel/base-errors.ts';
import { isoUtc, sinceBootMs } from '../../kernel/clock.ts';
import { plainText } from '../../kernel/files/plain-file.ts';
import { giveLease, newestNumber, ownerElsewhere, readHolding } from '../../kernel/processes/lease.ts';
import { ITERATION_MARK } from '../../sandbox/programs/environment.ts';
import type { ChildRecord } from '../../sandbox/programs/run-child.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { OFFERED } from '../../session/layout/fence.ts';
import { endChildTree } from './tree.ts';
import type { Worker } from './worker.ts';

/**
 * Called while watching an agent, since a new owner is otherwise noticed only when an event is written. A pool's session
 * is also lost once its time is up: its supervisor could be frozen while another machine takes over.
 */
export async function requireLease({ paths, writer, file, clock, host }: Worker): Promise<void> {
  const given = file.pool ? await plainText(paths.poolUntil, MAX_BYTES) : undefined;
  const [untilMs, bootId] = given?.trim().split(' ') ?? [];
  // A time from an earlier boot could be far in the future.
  if (given !== undefined && (sinceBootMs() > Number(untilMs) || bootId !== host.bootId))
    await giveLease(paths.leases, { owner: ownerElsewhere(OFFERED), acquiredAt: isoUtc(clock.now()) });
  if ((newestNumber(paths.leases) ?? 0) > writer.lease)
    throw BASE_ERRORS.lease_lost({ number: writer.lease });
}

const MAX_BYTES = 64;

/**
 * Ends the agent of a session that was taken over on another machine or in another container: the new owner cannot
 * see its processes. An owner that sees them adopts them.
 */
export async function endChildIfUnseen(
  worker: Worker,
  { iteration }: OpenIteration,
  child: ChildRecord,
): Promise<void> {
  const { host, paths } = worker;
  const holding = await readHolding(paths.leases, host);
  if (holding.kind !== 'held' && holding.kind !== 'released') return;
  const { hostId, bootId, pidNamespace } = holding.lease.owner;
  if (hostId === host.hostId && bootId === host.bootId && pidNamespace === host.pidNamespace) return;
  const { processes } = host;
  // If the new owner is in a container of this machine, its agent may be visible here, but has a later iteration.
  const environmentOf = async (pid: number, name: string) =>
    (await processes.environmentOf(pid, ITERATION_MARK)) === String(iteration)
      ? await processes.environmentOf(pid, name)
      : undefined;
  const here = { ...worker, host: { ...host, processes: { ...processes, environmentOf } } };
  await endChildTree(here, child, { leftoversOnly: false });
}
