import type { ActionContext } from '../../actions/acting/context.ts';
import { type DoctorCheck, ok, warn } from '../../actions/preconditions/check.ts';
import { readHolding, readLeases } from '../../base/processes/lease.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import { sessionFolders } from '../../session/session-list.ts';
import { isOfFiles } from '../../session/unreadable.ts';

/** Whether workers of other machines or containers have worked in a SESSIONS folder. */
export async function hostsCheck(sessionsDir: string, { host }: ActionContext): Promise<DoctorCheck> {
  const others = new Set<string>();
  const unreadable: string[] = [];
  const unseen: string[] = [];
  for (const folder of await sessionFolders(sessionsDir)) {
    const { leases } = sessionPaths(sessionsDir, folder);
    try {
      const holding = await readHolding(leases, host);
      if (holding.kind === 'held' && holding.liveness === 'unknowable') {
        others.add(holding.lease.owner.hostId);
        unseen.push(folder);
      }
      for (const { owner } of await readLeases(leases)) {
        if (owner.hostId !== host.hostId) others.add(owner.hostId);
      }
    } catch (error) {
      if (!isOfFiles(error)) throw error;
      unreadable.push(folder);
    }
  }
  if (unreadable.length > 0)
    return warn(
      'sessions.hosts',
      `Sessions in ${sessionsDir} cannot be read: ${unreadable.join(', ')}.`,
      'They belong to another user, for example after "sudo samocode": change their owner with chown.',
    );
  if (others.size === 0) return ok('sessions.hosts', 'used by this machine alone');
  return warn(
    'sessions.hosts',
    `Workers of other machines or containers have run in ${sessionsDir}: ${[...others].join(', ')}.${unseen.length > 0 ? ` Whether they still run ${unseen.join(', ')} cannot be seen from here.` : ''}`,
    'Use it from one machine only: another cannot see whether a worker here is alive. "samocode takeover" takes over a session of a machine that is gone.',
  );
}
