import { join } from 'node:path';
import { BASE_ERRORS } from '../../base/base-errors.ts';
import type { Clock } from '../../base/clock.ts';
import type { Host } from '../../base/processes/host.ts';
import { acquireLease } from '../../base/processes/lease.ts';
import { shellWord } from '../../base/shell-quoted.ts';
import { CHECKOUT_LIMIT_MS, gitSaysYes, runGit } from '../git/git.ts';
import { commitOf, commonDirOf, type GitContext } from '../git/repository.ts';
import { listWorktrees } from '../git/worktree-list.ts';
import { OFFLINE } from '../proving/clean-clone.ts';
import { uncommittedIn } from '../worktrees/inspect-worktree.ts';

export interface FastForwardPlan extends GitContext {
  mainRepo: string;
  branch: string;
  /** Where it is now, as far as the caller knows. */
  from: string;
  to: string;
  /** Names `to` in the commands that are left to the person. */
  ref: string;
}

export type FastForward =
  | { kind: 'done' }
  /** The branch is elsewhere by now. */
  | { kind: 'moved' }
  /** Nothing was changed; the commands do the same. */
  | { kind: 'left'; why: string; commands: string[] };

/**
 * Moves a branch forward to a commit that has it as an ancestor: the ref alone where it is checked out nowhere, with its files
 * where its checkout is clean. No file is replaced that git does not know.
 * @throws GitError
 */
export async function fastForward(plan: FastForwardPlan): Promise<FastForward> {
  const { mainRepo, branch, from, to, ref, ...context } = plan;
  const main = { ...context, cwd: mainRepo };
  const hasMoved = async () => (await commitOf(`refs/heads/${branch}`, main)) !== from;
  if (await hasMoved()) return { kind: 'moved' };
  if (!(await gitSaysYes(['merge-base', '--is-ancestor', from, to], main))) return { kind: 'moved' };
  const entries = await listWorktrees(mainRepo, context);
  const [checkout, ...more] = entries.filter((entry) => entry.branch === branch);
  if (checkout === undefined) {
    // fetch refuses what update-ref would not: no fast-forward, and a branch that a rebase is about to move.
    const fetch = [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-recurse-submodules',
      '--',
      '.',
      `${ref}:refs/heads/${branch}`,
    ];
    const { exitCode } = await runGit(fetch, { ...main, allowFailure: true });
    if (exitCode === 0) return { kind: 'done' };
    if (await hasMoved()) return { kind: 'moved' };
    const commands = [`git -C ${shellWord(mainRepo)} fetch . ${shellWord(`${ref}:${branch}`)}`];
    return { kind: 'left', why: `git refused to move the branch "${branch}".`, commands };
  }
  const { path, prunable } = checkout;
  const merge = ['merge', '--quiet', '--ff-only', '--no-stat', '--no-overwrite-ignore'];
  const left = (why: string): FastForward => ({
    kind: 'left',
    why,
    commands: [`git -C ${shellWord(path)} merge --ff-only ${shellWord(ref)}`],
  });
  if (more.length > 0) return left(`The branch "${branch}" is checked out in more than one place.`);
  if (prunable) return left(`The branch "${branch}" is checked out in ${path}, whose folder is gone.`);
  const uncommitted = await uncommittedIn(path, context);
  if (uncommitted.some(({ kind }) => kind !== 'untracked'))
    return left(`The branch "${branch}" is checked out in ${path}, which has uncommitted changes.`);
  const here = { ...context, cwd: path, env: OFFLINE, timeoutMs: CHECKOUT_LIMIT_MS, allowFailure: true };
  const { exitCode } = await runGit([...merge, to], here);
  if (exitCode === 0) return { kind: 'done' };
  if (await hasMoved()) return { kind: 'moved' };
  return left(
    `git could not update ${path}, where the branch "${branch}" is checked out: files there are in the way.`,
  );
}

const ALONE_LIMIT_MS = 60_000;
const POLL_MS = 200;

/**
 * git writes the files of a checkout before it moves the branch: of two that do so at once in one checkout, one leaves files
 * there that no commit has. So only one session of the repository does.
 */
export async function forwardAlone(
  plan: FastForwardPlan,
  { clock, host }: { clock: Clock; host: Host },
): Promise<FastForward> {
  const dir = join(await commonDirOf(plan.mainRepo, plan), 'samocode', 'merging');
  const deadline = clock.monotonic() + ALONE_LIMIT_MS;
  for (;;) {
    try {
      await using _alone = await acquireLease(dir, { clock, host });
      return await fastForward(plan);
    } catch (error) {
      if (!BASE_ERRORS.lease_held.is(error) || clock.monotonic() > deadline) throw error;
    }
    await clock.sleep(POLL_MS);
  }
}
