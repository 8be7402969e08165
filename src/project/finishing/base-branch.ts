import { type GitOptions, gitLine, gitSaysYes } from '../git/git.ts';
import { commitOf, type GitContext } from '../git/repository.ts';
import { unsignedCommits } from '../git/unsigned-commits.ts';

export interface BaseBranch {
  /** Short name of the local branch to merge into; absent if there is none. */
  into: string | undefined;
  ahead: number;
  /** Commits on the session's branch since it began. */
  sinceBase: number;
  /** The tip of the session's branch; absent if the branch is gone. */
  tip: string | undefined;
  /** The number of unsigned commits since it began; 0 unless the user signs commits. */
  unsigned: number;
}

/**
 * The branch that a session's work is merged into: the local branch of its base, `main` for `origin/main`.
 * @throws GitError
 */
export async function findBaseBranch({
  mainRepo,
  base,
  branch,
  baseCommit,
  ...context
}: GitContext & { mainRepo: string; base: string; branch: string; baseCommit: string }): Promise<BaseBranch> {
  const main = { ...context, cwd: mainRepo };
  const tip = await commitOf(`refs/heads/${branch}`, main);
  const into = await localBranch(base, main);
  if (tip === undefined) return { into: undefined, ahead: 0, sinceBase: 0, tip, unsigned: 0 };
  const sinceBase = await countCommits(baseCommit, tip, main);
  const unsigned = await unsignedCommits({ mainRepo, since: baseCommit, tip }, context);
  const seen = { sinceBase, tip, unsigned };
  if (into === undefined || into === branch) return { into: undefined, ahead: 0, ...seen };
  return { into, ahead: await countCommits(`refs/heads/${into}`, tip, main), ...seen };
}

async function countCommits(since: string, tip: string, main: GitOptions): Promise<number> {
  return Number(await gitLine(['rev-list', '--count', `${since}..${tip}`, '--'], main));
}

async function localBranch(base: string, main: GitOptions): Promise<string | undefined> {
  if (await exists(`refs/heads/${base}`, main)) return base;
  const remote = base.slice(0, base.indexOf('/'));
  // A bare clone keeps no refs of its remote.
  const isOfRemote =
    (await exists(`refs/remotes/${base}`, main)) ||
    (await gitLine(['remote'], main)).split('\n').includes(remote);
  const name = base.slice(base.indexOf('/') + 1);
  return isOfRemote && (await exists(`refs/heads/${name}`, main)) ? name : undefined;
}

async function exists(ref: string, main: GitOptions): Promise<boolean> {
  return await gitSaysYes(['show-ref', '--verify', '--quiet', ref], main);
}

export interface MergeBase {
  from: string;
  /** The commit to merge onto: the branch's, or its remote's if that is strictly ahead. */
  onto: string;
  hasAll: boolean;
}

export async function mergeOnto(
  tip: string,
  { mainRepo, base, into, ...context }: GitContext & { mainRepo: string; base: string; into: string },
): Promise<MergeBase | undefined> {
  const main = { ...context, cwd: mainRepo };
  const from = await commitOf(`refs/heads/${into}`, main);
  if (from === undefined) return undefined;
  const there = base === into ? undefined : await commitOf(`refs/remotes/${base}`, main);
  const isIn = (commit: string, other: string) =>
    gitSaysYes(['merge-base', '--is-ancestor', commit, other], main);
  const isBehind = there !== undefined && (await isIn(from, there));
  return { from, onto: isBehind ? there : from, hasAll: await isIn(tip, from) };
}
