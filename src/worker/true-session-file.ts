import { writeWhole } from '../base/atomic-file.ts';
import { readPlainFile } from '../base/plain-file.ts';
import { createdFile } from '../session/created-file.ts';
import type { SessionPaths } from '../session/paths.ts';

const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Puts `session.json` back as it was when the session was created, which its event says: whoever changed
 * it while no worker lived has chosen nothing. @returns true when it had to be put back
 */
export async function putBackSessionFile(paths: SessionPaths): Promise<boolean> {
  const created = await createdFile(paths);
  if (created === undefined) return false;
  const reading = await readPlainFile(paths.sessionFile, MAX_BYTES);
  if (reading.kind === 'bytes' && reading.bytes.toString('utf8') === created) return false;
  await writeWhole(paths.sessionFile, created);
  return true;
}
