import { isoUtc } from '../base/clock.ts';
import { systemErrorCode } from '../base/errors.ts';
import type { SessionView } from './events/session-view.ts';
import { emptyState } from './events/state.ts';
import type { SessionPaths } from './layout/paths.ts';

/** What this process lacks for a moment says nothing about the session. */
const SHORTAGES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);

/** Whether a failure to read a session is the fault of its files, so that others are not concerned. */
export function isOfFiles(error: unknown): boolean {
  const code = systemErrorCode(error);
  return code !== undefined && !SHORTAGES.has(code);
}

/** A session of which nothing can be said, as when `sudo samocode` has left it: it needs its person, and no worker. */
export function unreadableSession(paths: SessionPaths, error: unknown): SessionView {
  return {
    folder: paths.folder,
    paths,
    state: {
      ...emptyState(),
      status: {
        kind: 'blocked',
        since: isoUtc(0),
        reason: 'Its files cannot be read.',
        needs: 'readable_files',
        rule: 'unreadable',
      },
    },
    worker: 'none',
    pendingCommands: [],
    problems: [problemOf(paths, error)],
    wantsWorker: false,
    needsWorker: false,
    isForeign: false,
    isUnreadable: true,
  };
}

function problemOf({ runDir }: SessionPaths, error: unknown): string {
  const path = error instanceof Error && 'path' in error ? String(error.path) : runDir;
  const isRefused = ['EACCES', 'EPERM'].includes(systemErrorCode(error) ?? '');
  const fix = isRefused
    ? 'Another user has left it, as "sudo samocode" does: give it back with chown.'
    : 'Look at the disk.';
  return `${path} cannot be read (${systemErrorCode(error)}). ${fix}`;
}
