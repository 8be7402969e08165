import { rm, rmdir } from 'node:fs/promises';
import { BASE_ERRORS } from '../../base/base-errors.ts';
import type { Clock } from '../../base/clock.ts';
import { statsAt } from '../../base/files/look-at.ts';
import type { Host, ProcessIdentity } from '../../base/processes/host.ts';
import { acquireLease, type OwnedLease, readHolding, untilMarkedLost } from '../../base/processes/lease.ts';
import type { Wake } from '../../providers/starting/launch-worker.ts';
import { judgeTakeOver } from '../../session/commands/judge-running.ts';
import { readLog } from '../../session/events/event-log.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import { SESSION_ERRORS } from '../../session/layout/session-errors.ts';
import { freeSlotsOf } from '../../session/slots.ts';
import type { Watch } from '../core/supervisor-watch.ts';

export interface LeaseOptions {
  clock: Clock;
  host: Host;
  /** What its starter has watched for it. */
  wake?: Wake;
}

/** Makes a session this process's own. @returns undefined when another worker has it @throws NewerFormatError */
export async function takeLease(
  options: LeaseOptions,
  paths: SessionPaths,
  { identity: supervisor }: Watch,
): Promise<OwnedLease | undefined> {
  const { clock, host } = options;
  // From the events alone: the cache may be a newer program's, or anybody's. Found out before the lease is taken: a newer
  // worker must not meet ours as one that died.
  const log = await readLog(paths, { useCache: false });
  if (log?.newer !== undefined) throw SESSION_ERRORS.newer_format({ newer: log.newer });
  const above = log?.state.lease ?? 0;
  const givenUp = await givenUpOwner(options, paths);
  // Its place first: once the session is ours, nobody knows any more whose that was.
  if (givenUp !== undefined) await freeSlotsOf(givenUp, paths.sessionsDir, { clock, host });
  try {
    return await acquireLease(paths.leases, {
      clock,
      host,
      above,
      supervisor,
      takeUnknowable: givenUp ?? false,
    });
  } catch (error) {
    if (BASE_ERRORS.lease_held.is(error)) return undefined;
    throw error;
  }
}

/** Given up as gone, but it may live: then it ends its agent once it sees the new lease. */
export async function untilGivenUp(
  { clock, wake }: LeaseOptions,
  paths: SessionPaths,
  { previous }: OwnedLease,
): Promise<void> {
  if (previous === undefined || previous.number !== wake?.takeOver) return;
  await untilMarkedLost(paths.leases, previous.number, { clock, patienceMs: GIVING_UP_MS });
}

/** For a look at the leases, which comes each second, and the end of a tree that ignores SIGTERM. */
const GIVING_UP_MS = 10_000;

/** Whom a person has given up, where that may be: a refusal is met again when the lease is taken. */
async function givenUpOwner(
  { host, wake }: LeaseOptions,
  paths: SessionPaths,
): Promise<ProcessIdentity | undefined> {
  if (wake?.takeOver === undefined) return undefined;
  const holding = await readHolding(paths.leases, host);
  const verdict = judgeTakeOver({ session: paths.folder, holding, givenUp: wake.takeOver });
  return verdict.kind === 'accepted' ? verdict.lease.owner : undefined;
}

/** A start that had given up moves its folder away; what the lease has made anew in its place is no session. */
export async function wasTakenAway({ sessionFile, events, leases, runDir }: SessionPaths): Promise<boolean> {
  if (statsAt(sessionFile) !== undefined || statsAt(events) !== undefined) return false;
  await rm(leases, { recursive: true, force: true });
  await rmdir(runDir).catch(() => undefined);
  return true;
}
