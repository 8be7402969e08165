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
      'Another user has left them, as "sudo samocode" does: give them back with chown.',
    );
  if (others.size === 0) return ok('sessions.hosts', 'used by this machine alone');
  return warn(
    'sessions.hosts',
    `Workers of other machines or containers were at work in ${sessionsDir}: ${[...others].join(', ')}.${unseen.length > 0 ? ` Whether they still work on ${unseen.join(', ')} cannot be seen from here.` : ''}`,
    'Let one machine use it: the others cannot tell whether a worker here still lives. "samocode takeover" takes a session of a machine that is gone.',
  );
}
