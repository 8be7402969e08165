import { dirname, join } from 'node:path';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import type { Scan } from '../../../core/supervisor/scan.ts';
import type { Notice } from './kinds.ts';

/**
 * Whether the session of a notice was removed; another one may have its name since. Of an empty or
 * unresponsive folder, such as that of an unmounted disk, nothing is known, and it must not be touched; so a notice of the
 * only session of a folder is still sent.
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
