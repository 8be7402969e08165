import { unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { BASE_ERRORS } from '../../kernel/base-errors.ts';
import { ifThere } from '../../kernel/errors.ts';
import { ensurePlainFolder } from '../../kernel/files/append-lines.ts';
import { removeDrafts } from '../../kernel/files/atomic-file.ts';
import { gitDirOf, isOwnGitDir, sharedDirOf } from '../../kernel/files/git-pointer.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { gitsIn } from '../../kernel/processes/working-in.ts';
import { isGuarded } from '../../kernel/sandbox-level.ts';
import { restoreFound } from '../../project/worktrees/as-found.ts';
import { privateGitIn, readNote } from '../../sandbox/private-git/private-git.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { takeCommands } from '../commands/take-commands.ts';
import { RUN_FOLDER_ITSELF, runFolderChanges } from '../guarding/run-folder.ts';
import { snapshotBefore } from '../guarding/snapshot.ts';
import { keepWork } from '../record/keep-work.ts';
import { foundPlace } from '../state/as-ours.ts';
import type { Iteration } from '../state/iteration.ts';
import { record, stateOf, type Worker } from '../state/worker.ts';
import { collectWork } from './collect-work.ts';

/**
 * Checks the run folder once the agent's process tree has ended, before anything is judged; commands from that
 * time that could open a gate are refused.
 * @returns paths that changed though only the worker writes there
 */
export async function checkRunFolder(worker: Worker, open: Iteration): Promise<string[]> {
  return await checkAndCollect(worker, open).catch(async (error: unknown) => {
    if (BASE_ERRORS.file_rewritten.is(error))
      await keepWork(worker, { kind: 'after', iteration: open.iteration });
    throw error;
  });
}

async function checkAndCollect(worker: Worker, open: Iteration): Promise<string[]> {
  // A missing repository blocks the session later, with a more precise message.
  await worker.git.removePlanted(stateOf(worker).worktree?.path).catch(() => undefined);
  const kept = async () => (await snapshotBefore(open))?.runFolder;
  const changed = await runFolderChanges(worker, open, kept);
  if (changed.includes(basename(worker.paths.gitSettings)) || changed.includes(RUN_FOLDER_ITSELF))
    await worker.git.writeAgain(worker.memory.runFolder?.iteration === open.iteration);
  // Otherwise no command from a person could reach the worker.
  if (changed.includes('commands')) ensurePlainFolder(worker.paths.commands);
  // Commands waiting now could come from the agent: they are judged as if it were still running.
  await takeCommands(worker, 'child_runs');
  // Readers trust a cached state that matches the log; a forged one could match.
  worker.writer.writeCache();
  await removeStaleLocks(worker, open);
  removeDraftsOfDead(worker);
  await collectWork(worker);
  const path = stateOf(worker).worktree?.path;
  const isTrusted = !changed.includes(basename(worker.paths.asFound)) && !changed.includes(RUN_FOLDER_ITSELF);
  if (path !== undefined) await restoreFound(foundPlace(worker, path), { isTrusted });
  return changed;
}

/** Removes the drafts of a killed worker or agent: once the process tree has ended, only this worker writes there. */
export function removeDraftsOfDead({ paths }: Worker): void {
  removeDrafts(paths.sessionDir);
  removeDrafts(paths.runDir);
}

/** Locks that a killed git leaves in a worktree's git folder. */
const LOCKS = ['index.lock', 'HEAD.lock'];

/**
 * Removes the locks of an agent's killed git: those of this worktree and of the session's branch. In the guard, an agent
 * locks its own git folder. A lock from before the agent, or beside a running git, is a person's: it stays, and is named.
 */
async function removeStaleLocks(worker: Worker, { startedAt }: OpenIteration): Promise<void> {
  const { worktree, sandbox } = stateOf(worker);
  const isPrivate = (await readNote(privateGitIn(worker.paths.runDir))) !== undefined;
  if (worktree === undefined || (isPrivate && sandbox !== undefined && isGuarded(sandbox))) return;
  try {
    const gitDir = await gitDirOf(worktree.path);
    // Locks of another worktree, or of the main checkout, may belong to a running git.
    if (gitDir === undefined || !(await isOwnGitDir(worktree.path, gitDir))) return;
    const shared = (await sharedDirOf(gitDir)) ?? gitDir;
    const paths = [
      ...LOCKS.map((lock) => join(gitDir, lock)),
      join(shared, 'refs/heads', `${worktree.branch}.lock`),
    ].filter((path) => statsAt(path) !== undefined);
    if (paths.length === 0) return;
    const isQuiet = gitsIn(worktree.path)?.length === 0;
    const isDead = (path: string) => isQuiet && (statsAt(path)?.mtimeMs ?? 0) >= Date.parse(startedAt);
    const dead = paths.filter(isDead);
    for (const path of dead) ifThere(() => unlinkSync(path));
    const left = paths.filter((path) => !dead.includes(path) && statsAt(path) !== undefined);
    if (left.length === 0) return;
    const text = `A lock of git was left in place, because it may be of a git that you are running: ${left.join(', ')}. Agents cannot commit while it is there. If no git or editor is working in ${worktree.path}, remove it.`;
    await record(worker, { type: 'notice', code: 'locks', text, flow: text });
  } catch (error) {
    const text = `Stale locks were not removed: ${error instanceof Error ? error.message : error}`;
    await record(worker, { type: 'notice', code: 'locks', text: text.slice(0, 500) });
  }
}
