import * as z from 'zod';
import { BASE_ERRORS } from '../kernel/base-errors.ts';
import { statsAt } from '../kernel/files/path-stats.ts';
import { plainJson } from '../kernel/files/plain-file.ts';
import { acquireLease, type OwnedLease } from '../kernel/processes/lease.ts';
import { isOlder } from '../kernel/versions.ts';
import { LONGEST_SCAN_GAP_MS, type Supervisor } from './supervisor.ts';

/** The time that a newer program waits for the older one to leave: longer than the longest gap between two scans. */
const HANDOVER_MS = LONGEST_SCAN_GAP_MS + 30_000;
const HANDOVER_POLL_MS = 100;

/** Takes the lease, if necessary once an older program has left. @returns undefined if another keeps it */
export async function takeSupervisorLease(
  { paths, clock, host }: Supervisor,
  signal: AbortSignal,
): Promise<OwnedLease | undefined> {
  const until = clock.monotonic() + HANDOVER_MS;
  for (;;) {
    try {
      return await acquireLease(paths.leases, { clock, host });
    } catch (error) {
      if (!BASE_ERRORS.lease_held.is(error)) throw error;
    }
    const isHandover = statsAt(paths.leave) !== undefined;
    if (!isHandover || clock.monotonic() > until || signal.aborted) return undefined;
    await clock.sleep(HANDOVER_POLL_MS, signal).catch(() => undefined);
  }
}

const Leave = z.looseObject({ version: z.string(), stays: z.boolean().optional() });
/**
 * Whether this program is asked to leave by a newer one, or by one of this version that stays (a service) while this
 * one does not. An older one is ignored: otherwise the two would replace each other forever.
 */
export async function isAskedToLeave(path: string, stays: boolean): Promise<boolean> {
  const asked = await plainJson(path, Leave);
  if (asked === undefined) return false;
  return (
    isOlder(__VERSION__, asked.version) || (asked.stays === true && !stays && asked.version === __VERSION__)
  );
}
