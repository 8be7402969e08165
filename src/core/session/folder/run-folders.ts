import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { stateRootsFor } from '../../kernel/config-folder.ts';
import { ifThere } from '../../kernel/errors.ts';
import { writeUnsynced } from '../../kernel/files/atomic-file.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { earlierRunRoot, runRoot, type SessionPaths } from '../layout/paths.ts';

/** In a run root: the path of its SESSIONS folder, by which the sessions of one that was moved are found again. */
const SESSIONS_PATH = '.sessions';

/** Makes the folder in which the run folders of a SESSIONS folder are. Only this user reads it. */
export async function makeRunRoot(sessionsDir: string): Promise<string> {
  const root = runRoot(sessionsDir);
  makeFolder(root, 0o700);
  const path = join(root, SESSIONS_PATH);
  if (statsAt(path) === undefined) writeUnsynced(path, sessionsDir, { exclusive: true });
  return root;
}

/**
 * The run folder of a session that has none where this version keeps them: beside its documents, where earlier versions
 * kept it, or in the run root of a SESSIONS folder that was moved since. Undefined if there is none.
 */
export function runFolderElsewhere({ sessionsDir, folder }: SessionPaths): string | undefined {
  const earlier = earlierRunRoot(sessionsDir);
  return [
    join(earlier, folder),
    movingFolder(sessionsDir, folder),
    ...ofMovedFolders(sessionsDir, folder),
  ].find((path) => statsAt(path)?.isDirectory());
}

/** The name that a run folder has, where earlier versions kept it, while it is brought to its place. */
export function movingFolder(sessionsDir: string, folder: string): string {
  return join(earlierRunRoot(sessionsDir), `.${folder}.moving`);
}

/** The documents were moved too: a copy that was left behind still is the session. */
function ofMovedFolders(sessionsDir: string, folder: string): string[] {
  const own = runRoot(sessionsDir);
  const roots = stateRootsFor(sessionsDir).flatMap((state) =>
    (namesAt(state) ?? []).map((name) => join(state, name)),
  );
  return roots.flatMap((root) => {
    const runDir = join(root, folder);
    if (root === own || statsAt(runDir) === undefined) return [];
    // SAMOCODE_HOME was set since.
    if (basename(root) === basename(own)) return [runDir];
    const before = ifThere(() => readFileSync(join(root, SESSIONS_PATH), 'utf8'));
    return before === undefined || statsAt(join(before, folder)) !== undefined ? [] : [runDir];
  });
}
