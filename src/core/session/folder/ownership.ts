import { renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Clock, isoUtc } from '../../kernel/clock.ts';
import { crashPoint } from '../../kernel/fault-points.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { type Host, identify } from '../../kernel/processes/host.ts';
import { giveLease, isElsewhere, ownerElsewhere, readLeases } from '../../kernel/processes/lease.ts';
import { type SessionPaths, sessionPaths } from '../layout/paths.ts';
import { readLog } from '../log/event-log.ts';

type Leases = Pick<SessionPaths, 'leases'>;

/**
 * Takes the lease from the session's worker here, which then ends its agent within a second and stops writing.
 * Readers see that the worker is on another machine.
 * @param who the machine that has the session now, as shown to people
 * @param above the new lease gets a number above this one
 */
export async function ownedElsewhere(
  { leases }: Leases,
  who: string,
  { clock, above }: { clock: Pick<Clock, 'now'>; above?: number },
): Promise<void> {
  const newest = (await readLeases(leases)).at(-1);
  if (newest !== undefined && isElsewhere(newest)) return;
  await giveLease(leases, { owner: ownerElsewhere(who), acquiredAt: isoUtc(clock.now()) }, above);
}

export interface UnmetNeeds {
  /** Empty if a machine could take the session. */
  needs: readonly string[];
  /** The supervisor that notifies people of the unmet needs. */
  supervisor?: string;
}

/** Records, if it changed, who has a session that is not here, and which unmet needs keep every machine from taking it. */
export async function recordElsewhere(
  { leases }: Leases,
  who: string,
  { needs, supervisor }: UnmetNeeds,
  clock: Pick<Clock, 'now'>,
): Promise<void> {
  const newest = (await readLeases(leases)).at(-1);
  if (newest === undefined || !isElsewhere(newest)) return;
  const owner = ownerElsewhere(who);
  const isSame = (newest.unmetRequirements ?? []).join() === needs.join();
  if (isSame && newest.owner.hostId === owner.hostId) return;
  const unmet = needs.length > 0 ? { unmetRequirements: [...needs], supervisor } : {};
  await giveLease(leases, { owner, acquiredAt: isoUtc(clock.now()), ...unmet });
}

/**
 * Makes this machine the owner of a session copied here. The new lease is already released, so that the supervisor
 * finds a session without a worker and starts one.
 * @param supervisor the supervisor's identity, as leases record it
 */
export async function takeHere(
  { leases }: Leases,
  { host, clock, supervisor }: { host: Host; clock: Pick<Clock, 'now'>; supervisor?: string },
): Promise<void> {
  const owner = await identify(host, process.pid);
  if (owner === undefined) throw new Error('This process is not in the process table.');
  const at = isoUtc(clock.now());
  await giveLease(leases, { owner, supervisor, acquiredAt: at, releasedAt: at });
}

/**
 * Puts a session that was prepared in `draft` in the place of the one in `paths`, or of its archive. Safe to repeat after an interruption at any point.
 */
export async function replaceSession(
  paths: SessionPaths,
  draft: SessionPaths,
  how: {
    keepsCommands: boolean;
    remove: (folder: string) => Promise<void>;
  },
): Promise<void> {
  const { keepsCommands, remove } = how;
  const old = { run: `${draft.runDir}.old`, session: `${draft.sessionDir}.old` };
  for (const folder of Object.values(old)) await remove(folder);
  if (keepsCommands) setAside(paths.commands, draft.commands);
  setAside(paths.runDir, old.run);
  crashPoint('replace-session');
  renameSync(draft.runDir, paths.runDir);
  crashPoint('replace-session');
  setAside(paths.sessionDir, old.session);
  const archived = sessionPaths(paths.sessionsDir, paths.folder, true);
  const { sessionDir } = (await readLog(paths))?.state.archived ? archived : paths;
  await remove(archived.sessionDir);
  makeFolder(dirname(sessionDir));
  renameSync(draft.sessionDir, sessionDir);
  for (const folder of Object.values(old)) await remove(folder);
}

/** Renames what is there. @returns the new path, if something was */
export function setAside(path: string, to: string): string[] {
  if (statsAt(path) === undefined) return [];
  renameSync(path, to);
  return [to];
}
