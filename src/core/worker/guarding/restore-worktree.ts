import { join } from 'node:path';
import { isSamocodeError } from '../../kernel/errors.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { gitDirOf, isOwnGitDir } from '../../kernel/files/git-pointer.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { GIT_ERRORS } from '../../project/git/git-errors.ts';
import { commitOf, commonDirOf } from '../../project/git/repository.ts';
import { rejoinWorktree } from '../../project/worktrees/rejoin-worktree.ts';
import type { WorktreePlan } from '../../project/worktrees/worktree.ts';
import { WORKTREE_ERRORS } from '../../project/worktrees/worktree-errors.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { SETUP_DUE } from '../../session/layout/paths.ts';
import { readEvents } from '../../session/log/event-log.ts';
import { Blocked } from '../state/interrupts.ts';
import { record, stateOf, type Worker } from '../state/worker.ts';

/** Recreates a missing worktree from its branch. @throws Blocked when that failed */
export async function restoreWorktree(worker: Worker): Promise<void> {
  try {
    await record(worker, ...(await repairMissingWorktree(worker)));
  } catch (error) {
    if (!isSamocodeError(error) || GIT_ERRORS.git_killed.is(error)) throw error;
    const reason = `The worktree is gone and could not be recreated. ${error.message}`;
    throw new Blocked({ reason, needs: 'error_resolution', rule: error.code });
  }
}

/**
 * Repairs a worktree that was removed, or that git no longer has registered. Existing files are kept.
 * @returns notices for the person
 * @throws SamocodeError when it cannot be repaired
 */
export async function repairMissingWorktree(worker: Worker): Promise<NewEvent[]> {
  const { worktree } = stateOf(worker);
  if (worktree === undefined || (await seemsIntact(worktree.path))) return [];
  const { path: worktreePath, branch, baseCommit, firstCommit = baseCommit } = worktree;
  const { mainRepo } = worker.file;
  const plan = { mainRepo, worktreePath, branch, baseCommit, ...worker.git.context };
  const lost = await lostTip(worker, { ...plan, baseCommit: firstCommit });
  const how = await rejoinWorktree({ ...plan, baseCommit: lost ?? baseCommit });
  if (how === 'recreated') await writeWhole(worker.paths.setup, SETUP_DUE);
  if (lost !== undefined) {
    const text = `The branch ${branch} was gone; it was recreated at ${lost.slice(0, 12)}, its last known commit.`;
    return [{ type: 'notice', code: 'branch_made_again', text, flow: text }];
  }
  switch (how) {
    case 'fine':
      return [];
    case 'recreated': {
      const text = `The worktree was gone; it was recreated from branch ${branch}.`;
      return [{ type: 'notice', code: 'worktree_made_again', text, flow: text }];
    }
    case 'rejoined': {
      const text = `The worktree was no longer registered in git; it was registered again with branch ${branch}, its files unchanged.`;
      return [{ type: 'notice', code: 'worktree_rejoined', text, flow: text }];
    }
    default:
      return how satisfies never;
  }
}

/** The last recorded commit of a deleted branch. */
async function lostTip(
  { paths }: Worker,
  { mainRepo, branch, baseCommit, ...context }: WorktreePlan,
): Promise<string | undefined> {
  const main = { ...context, cwd: mainRepo };
  if ((await commitOf(`refs/heads/${branch}`, main)) !== undefined) return undefined;
  // A missing repository is a different error, thrown here.
  await commonDirOf(mainRepo, context);
  const known = (await readEvents(paths, 0)).map((event) => ('head' in event ? event.head : undefined));
  const commit = known.findLast((head) => head !== undefined) ?? baseCommit;
  if ((await commitOf(commit, main)) === undefined) throw WORKTREE_ERRORS.branch_lost({ branch, commit });
  return commit;
}

// Reads files without git: in nearly every iteration the worktree is intact.
async function seemsIntact(worktreePath: string): Promise<boolean> {
  const gitDir = await gitDirOf(worktreePath).catch(() => undefined);
  if (gitDir === undefined) return false;
  if (statsAt(join(gitDir, 'HEAD')) === undefined || statsAt(join(gitDir, 'locked')) !== undefined)
    return false;
  return await isOwnGitDir(worktreePath, gitDir);
}
