import { type Stats, statSync } from 'node:fs';
import { ifThere } from '../../kernel/errors.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import type { SessionIdentity, SessionRecords } from '../../kernel/files/session-records.ts';
import type { SessionPaths } from '../layout/paths.ts';
import { SESSION_ERRORS } from '../layout/session-errors.ts';
import { identitiesOf, identityOf, recordedFile } from './read-session-file.ts';

/** Why a session is foreign: nothing is known of who wrote its files, so no worker continues it and no act changes it. */
export type Foreign = 'no_record' | 'other_owner' | 'open_folder';

/** @returns undefined if the session belongs to this user */
export function whyForeign(
  { sessionsDir, runDir }: Pick<SessionPaths, 'sessionsDir' | 'runDir'>,
  identity: SessionIdentity,
  records: SessionRecords,
): Foreign | undefined {
  if (!records.has(identity)) return 'no_record';
  const run = statsAt(runDir);
  const sessions = targetStats(sessionsDir);
  if (run === undefined || sessions === undefined || process.getuid === undefined) return undefined;
  // A disk without owners shows one for all of its files, whoever wrote them.
  if (run.uid !== process.getuid() && run.uid !== sessions.uid) return 'other_owner';
  return isOpenToAll(sessionsDir, run) ? 'open_folder' : undefined;
}

export async function isRecorded(paths: SessionPaths, records: SessionRecords | undefined): Promise<boolean> {
  if (records === undefined) return true;
  const file = await recordedFile(paths).catch(() => undefined);
  return file !== undefined && records.has(identityOf(file));
}

/** Makes the session in a folder, as it is there, one of this user's: a person or a signature has verified it. */
export async function recordAsFound(paths: SessionPaths, records: SessionRecords | undefined): Promise<void> {
  for (const identity of await identitiesOf(paths)) await records?.add(identity);
}

/**
 * Whether everybody can replace what is in a SESSIONS folder.
 * @param made a folder in it that only its owner may write, unless that disk gives every file the same mode
 */
export function isOpenToAll(sessionsDir: string, made: { mode: number }): boolean {
  const { mode = 0 } = targetStats(sessionsDir) ?? {};
  return (mode & OTHERS_WRITE) !== 0 && (made.mode & OTHERS_WRITE) === 0;
}

/** The person may have named the folder by a link, whose own mode says nothing. */
function targetStats(path: string): Stats | undefined {
  return ifThere(() => statSync(path));
}

const OTHERS_WRITE = 0o002;

export function foreignError(
  { folder: session, runDir, sessionsDir }: Pick<SessionPaths, 'folder' | 'runDir' | 'sessionsDir'>,
  foreign: Foreign,
) {
  switch (foreign) {
    case 'no_record':
      return SESSION_ERRORS.foreign_session({ session });
    case 'other_owner':
      return SESSION_ERRORS.foreign_owner({ session, runDir });
    case 'open_folder':
      return SESSION_ERRORS.sessions_open({ sessionsDir });
    default:
      return foreign satisfies never;
  }
}
