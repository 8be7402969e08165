import { unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { BASE_ERRORS } from '../../base/base-errors.ts';
import { ifThere } from '../../base/errors.ts';
import { ensurePlainFolder } from '../../base/files/append-lines.ts';
import { removeDrafts } from '../../base/files/atomic-file.ts';
import { gitDirOf, isOwnGitDir, sharedDirOf } from '../../base/files/git-pointer.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { takeCommands } from '../commands/take-commands.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { collectWork } from '../guarding/collect-work.ts';
import { RUN_FOLDER_ITSELF, runFolderChanges } from '../guarding/run-folder.ts';
import { snapshotBefore } from '../guarding/snapshot.ts';
import { keepWork } from '../recording/keep-work.ts';

/**
 * What a child left in the run folder, once its whole tree is gone and before anything is judged: no command of that
 * time is left. @returns paths that changed though only the worker writes there
 * @throws file_rewritten when the log is lost, and with it the session; its work is kept all the same
 */
export async function checkRunFolder(worker: Worker, open: OpenIteration): Promise<string[]> {
  // A repository that is gone blocks the session later, with its own words.
  await worker.git.removePlanted(stateOf(worker).worktree?.path).catch(() => undefined);
  const kept = async () => (await snapshotBefore(worker, open))?.runFolder;
  const changed = await runFolderChanges(worker, open, kept).catch(async (error) => {
    if (BASE_ERRORS.file_rewritten.is(error))
      await keepWork(worker, { kind: 'after', iteration: open.iteration });
    throw error;
  });
  if (changed.includes(basename(worker.paths.gitSettings)) || changed.includes(RUN_FOLDER_ITSELF))
    await worker.git.writeAgain(worker.memory.runFolder?.iteration === open.iteration);
  // A person's act could not reach the worker.
  if (changed.includes('commands')) ensurePlainFolder(worker.paths.commands);
  // What waits by now may come from the child: it is met as if the child still ran.
  await takeCommands(worker, 'child_runs');
  // Readers trust the cached state as far as it fits the log, and a forged one may fit.
  worker.writer.writeCache();
  await removeStaleLocks(worker);
  removeDraftsOfDead(worker);
  await collectWork(worker);
  return changed;
}

/** Drafts of a killed worker or child: with the tree dead, nobody but us writes there. */
export function removeDraftsOfDead({ paths }: Worker): void {
  removeDrafts(paths.sessionDir);
  removeDrafts(paths.runDir);
}

/** What git leaves behind in a worktree's own folder when it is killed. */
const LOCKS = ['index.lock', 'HEAD.lock'];

/**
 * Removes the locks that a killed git left: in this worktree's own git folder, and that of the session's branch,
 * which only this worktree moves. The agent's processes are verified dead; other locks of the shared folder may be
 * those of a git that runs.
 */
async function removeStaleLocks(worker: Worker): Promise<void> {
  const { worktree } = stateOf(worker);
  if (worktree === undefined) return;
  try {
    const gitDir = await gitDirOf(worktree.path);
    // The lock of another worktree, or of the main checkout, may be one of a git that runs.
    if (gitDir === undefined || !(await isOwnGitDir(worktree.path, gitDir))) return;
    const shared = (await sharedDirOf(gitDir)) ?? gitDir;
    const paths = [
      ...LOCKS.map((lock) => join(gitDir, lock)),
      join(shared, 'refs/heads', `${worktree.branch}.lock`),
    ];
    for (const path of paths) ifThere(() => unlinkSync(path));
  } catch (error) {
    const text = `Stale locks were not looked for: ${error instanceof Error ? error.message : error}`;
    await record(worker, { type: 'notice', code: 'locks', text: text.slice(0, 500) });
  }
}
