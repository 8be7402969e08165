import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow, identityAt, namesAt } from '../../../core/kernel/files/path-stats.ts';
import { removeTree } from '../../../core/project/git/remove-tree.ts';
import { runRoot, type SessionPaths } from '../../../core/session/layout/paths.ts';

/**
 * Removes the copy of another machine's session. Its run folder goes last and under a hidden name: a visible one
 * without its lease would be a session that a worker may continue.
 */
export async function removeCopy({ sessionsDir, sessionDir, runDir, folder }: SessionPaths): Promise<void> {
  await removeTree(sessionDir);
  const removed = join(runRoot(sessionsDir), `.${folder}${REMOVED}`);
  await removeTree(removed);
  renameSync(runDir, removed);
  await removeTree(removed);
}

/** Removes what an interrupted removal left. */
export async function clearRemovedCopies(sessionsDir: string): Promise<void> {
  const left = (namesAt(runRoot(sessionsDir)) ?? []).filter(
    (name) => name.startsWith('.') && name.endsWith(REMOVED),
  );
  for (const name of left) await removeTree(join(runRoot(sessionsDir), name));
}

const REMOVED = '.removed';

export function identitiesIn(folder: string): Record<string, string> {
  const names = filesBelow(folder, (name) => name !== '_logs');
  return Object.fromEntries(names.map((name) => [name, identityAt(join(folder, name))]));
}

export function isEditedCopy(
  { sessionDir }: Pick<SessionPaths, 'sessionDir'>,
  { files }: { files: Readonly<Record<string, string>> },
): boolean {
  return Object.entries(identitiesIn(sessionDir)).some(([name, identity]) => files[name] !== identity);
}
