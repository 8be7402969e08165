import { BASE_ERRORS } from '../../kernel/base-errors.ts';
import { newestNumber, readHolding } from '../../kernel/processes/lease.ts';
import { ITERATION_MARK } from '../../sandbox/programs/environment.ts';
import type { ChildRecord } from '../../sandbox/programs/run-child.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { callExtensions } from './extension.ts';
import { endChildTree } from './processes.ts';
import type { Worker } from './worker.ts';

/** Called while watching an agent, since a new owner is otherwise noticed only when an event is written. */
export async function requireLease(worker: Worker): Promise<void> {
  const { paths, writer } = worker;
  await callExtensions(worker, 'checkLease');
  if ((newestNumber(paths.leases) ?? 0) > writer.lease)
    throw BASE_ERRORS.lease_lost({ number: writer.lease });
}

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
