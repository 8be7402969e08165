import { SessionRecords } from '../../src/core/kernel/files/session-records.ts';
import type { SessionPaths } from '../../src/core/session/layout/paths.ts';
import { recordAsFound } from '../../src/core/session/log/foreign.ts';

/** Records a session whose files a test has written, copied or changed, as the start of a session in that home would. */
export async function ownSession(homeDir: string, paths: SessionPaths): Promise<void> {
  await recordAsFound(paths, new SessionRecords(homeDir));
}
