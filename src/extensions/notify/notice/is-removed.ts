import { dirname, join } from 'node:path';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import type { Scan } from '../../../core/supervisor/scan.ts';
import type { Notice } from './kinds.ts';

/**
 * Whether the session of a notice was removed; another one may have its name since. Nothing is known of a folder that is
 * empty or does not respond, as that of a disk that is away, and it must not be touched; so the notice of a session that
 * was the only one of its folder is still sent.
 * @param notice.id begins with the id of its session
 */
export function isRemoved(
  { id, sessionsDir, session }: Pick<Notice, 'id' | 'sessionsDir' | 'session'>,
  sessions: Scan['sessions'],
): boolean {
  const place = join(sessionsDir, session);
  const view = sessions.get(place)?.view;
  if (view !== undefined) return view.sessionFile !== undefined && !id.startsWith(`${view.sessionFile.id}:`);
  const hasOthers = [...sessions.keys()].some((key) => dirname(key) === sessionsDir);
  return hasOthers && statsAt(place) === undefined;
}
