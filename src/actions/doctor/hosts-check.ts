import { readHolding, readLeases } from '../../base/lease.ts';
import { sessionPaths } from '../../session/paths.ts';
import { sessionFolders } from '../../session/session-list.ts';
import type { ActionContext } from '../context.ts';
import { type DoctorCheck, ok, warn } from './check.ts';

/** Whether workers of other machines or containers have worked in a SESSIONS folder. */
export async function hostsCheck(sessionsDir: string, { host }: ActionContext): Promise<DoctorCheck> {
  const others = new Set<string>();
  for (const folder of await sessionFolders(sessionsDir)) {
    const { leases } = sessionPaths(sessionsDir, folder);
    const holding = await readHolding(leases, host);
    if (holding.kind === 'held' && holding.liveness === 'unknowable') others.add(holding.lease.owner.hostId);
    for (const { owner } of await readLeases(leases)) {
      if (owner.hostId !== host.hostId) others.add(owner.hostId);
    }
  }
  if (others.size === 0) return ok('sessions.hosts', 'used by this machine alone');
  return warn(
    'sessions.hosts',
    `Workers of other machines or containers were at work in ${sessionsDir}: ${[...others].join(', ')}.`,
    'Let one machine use it: the others cannot tell whether a worker here still lives. "samocode takeover" takes a session of a machine that is gone.',
  );
}
