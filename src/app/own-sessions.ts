import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { configFolder } from '../core/kernel/config-folder.ts';
import { systemErrorCode } from '../core/kernel/errors.ts';
import { syncFolder } from '../core/kernel/files/atomic-file.ts';
import { namesAt, statsAt } from '../core/kernel/files/path-stats.ts';
import { addRecord, type SessionIdentity, SessionRecords } from '../core/kernel/files/session-records.ts';
import { type Host, systemHost } from '../core/kernel/processes/host.ts';
import { readHolding } from '../core/kernel/processes/lease.ts';
import { supervisorPaths } from '../core/sandbox/programs/supervisor-folder.ts';
import { watchedFolders } from '../core/sandbox/programs/watched-folders.ts';
import { recordedSession } from '../core/session/events/session-file.ts';
import { sessionPaths } from '../core/session/layout/paths.ts';
import { sessionFolders } from '../core/session/session-list.ts';

/**
 * This machine, with the records of the sessions of this home's user. The first program of this version makes their
 * folder, so that from then on a session without a record is foreign.
 */
export async function hostOf(home: string): Promise<Host> {
  const host = await systemHost();
  const records = new SessionRecords(home);
  // In a read-only home, or on a full disk, the next program tries again; until then, no session can be started.
  if (statsAt(records.folder) === undefined) await makeRecords(home, host, records).catch(() => undefined);
  return { ...host, records };
}

/** Two programs may do it at once: the folder of one becomes the records, and both hold the same. */
async function makeRecords(home: string, host: Host, { folder }: SessionRecords): Promise<void> {
  await mkdir(configFolder(home), { recursive: true, mode: 0o700 });
  const draft = join(dirname(folder), `.sessions.${randomBytes(6).toString('hex')}.draft`);
  try {
    await mkdir(draft, { mode: 0o700 });
    for (const identity of await earlierSessions(home, host)) await addRecord(draft, identity);
    await rename(draft, folder);
    await syncFolder(dirname(folder));
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(systemErrorCode(error) ?? '')) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/**
 * The sessions of earlier versions, which wrote no records: those that a supervisor of this home continued. What
 * became known only after the records exist is never among them.
 */
async function earlierSessions(home: string, host: Host): Promise<SessionIdentity[]> {
  const { dir, identity } = supervisorPaths(home, host);
  // Also those of other machines and containers that share this home.
  const identities = new Set([identity, ...(namesAt(dirname(dir)) ?? [])]);
  const places = await Promise.all(
    [...identities].map((each) => watchedFolders({ registered: join(dirname(dir), each, 'sessions') }, home)),
  );
  const found: SessionIdentity[] = [];
  for (const sessionsDir of new Set(places.flatMap((each) => [...each]))) {
    for (const folder of await sessionFolders(sessionsDir).catch(() => [])) {
      const place = sessionPaths(sessionsDir, folder);
      const holding = await readHolding(place.leases, host).catch(() => undefined);
      const supervisor = holding && 'lease' in holding ? holding.lease.supervisor : undefined;
      if (supervisor === undefined || !identities.has(supervisor)) continue;
      const recorded = await recordedSession(place).catch(() => undefined);
      if (recorded !== undefined) found.push(recorded.identity);
    }
  }
  return found;
}
