import type { RemarkedOn } from '../../core/caller/facts/further-remarks.ts';
import { isInBase } from '../../core/project/finishing/base-branch.ts';
import { isFileError } from '../../core/session/folder/read-session.ts';
import { sessionFolders } from '../../core/session/folder/session-list.ts';
import { type SessionView, viewWithoutWorker } from '../../core/session/folder/session-view.ts';
import { handleOf } from '../../core/session/layout/names.ts';
import { type SessionPaths, sessionPaths } from '../../core/session/layout/paths.ts';
import { readLog } from '../../core/session/log/event-log.ts';
import { branchOfWork, isMerged } from '../../core/session/waits/start-order.ts';
import { type ChangedPaths, changedPathsOf } from './changed-paths.ts';
import type { Met } from './overlap-text.ts';

/**
 * The other sessions of the repository whose work is not merged, discarded or archived, and that have changed such a file.
 * @param phasesOf the phases that a path concerns; none: it does not count
 */
export async function sessionsMet(
  { folder: own, paths: { sessionsDir }, sessionFile, state }: SessionView,
  phasesOf: (path: string) => readonly number[],
  env: RemarkedOn['env'],
): Promise<Met[]> {
  const isBeside = ({ repo, branch, base }: ChangedPaths) =>
    repo === sessionFile?.mainRepo && branch !== state.worktree?.base && base !== state.worktree?.branch;
  const met: Met[] = [];
  for (const folder of await sessionFolders(sessionsDir)) {
    const paths = sessionPaths(sessionsDir, folder);
    const changed = folder === own ? undefined : await changedPathsOf(paths);
    if (changed === undefined || !isBeside(changed)) continue;
    const found = changed.paths.map(phasesOf).filter((phases) => phases.length > 0);
    if (found.length === 0 || !(await isOpen(paths, env))) continue;
    const phases = [...new Set(found.flat())].sort((a, b) => a - b);
    met.push({ name: handleOf(folder), files: found.length, phases });
  }
  return met;
}

/** Whether its work can still meet that of others. Without `env`, a merge by hand is not seen: only git knows of it. */
async function isOpen(paths: SessionPaths, env: RemarkedOn['env']): Promise<boolean> {
  try {
    const state = (await readLog(paths))?.state;
    if (state === undefined || state.archived) return false;
    const view: SessionView = { ...viewWithoutWorker(paths, state, []), sessionFile: state.file };
    if (isMerged(view)) return false;
    const branch = branchOfWork(view);
    return env === undefined || branch === undefined || !(await isInBase(branch, env));
  } catch (error) {
    // The files of one session keep no plan of another from being read, and what is not known of it is no merge.
    if (isFileError(error)) return true;
    throw error;
  }
}
