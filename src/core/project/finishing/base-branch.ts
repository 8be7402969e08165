import { type GitOptions, gitLine, gitSaysYes } from '../git/git.ts';
import { isGitError } from '../git/git-errors.ts';
import { commitOf, type GitContext } from '../git/repository.ts';
import { unsignedCommits } from '../git/unsigned-commits.ts';

export interface BaseBranch {
  /** Short name of the local branch to merge into; absent if there is none. */
  into: string | undefined;
  ahead: number;
  /** Commits on the session's branch since it began. */
  sinceBase: number;
  /** Absent if the branch is gone. */
  tip: string | undefined;
  /** The number of unsigned commits since it began; 0 unless the user signs commits. */
  unsigned: number;
}

/**
 * The branch that a session's work is merged into: the local branch of its base, `main` for `origin/main`.
 */
export async function findBaseBranch({
  mainRepo,
  base,
  branch,
  baseCommit,
  ...context
}: GitContext & { mainRepo: string; base: string; branch: string; baseCommit: string }): Promise<BaseBranch> {
  const main = { ...context, cwd: mainRepo };
  const { tip, into } = await readRefs({ branch, base }, main);
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

/**
 * The tips of a branch and of its base: here, of the remote-tracking branch, and of the branch that the local base
 * follows.
 */
async function readRefs(
  { branch, base }: { branch: string; base: string },
  main: GitOptions,
): Promise<{ tip: string | undefined; into: string | undefined; bases: string[] }> {
  const slash = base.indexOf('/');
  const name = base.slice(slash + 1);
  const ask = ['for-each-ref', '--format=%(refname) %(objectname) %(upstream)', `refs/remotes/*/${base}`];
  const refs = [branch, base, name].map((each) => `refs/heads/${each}`);
  const lines = (await gitLine([...ask, `refs/remotes/${base}`, ...refs], main)).split('\n');
  const found = new Map(lines.map((line) => [line.split(' ')[0], line.split(' ')]));
  const at = (ref: string) => found.get(ref)?.[1];
  // A bare clone keeps no refs of its remote.
  const isOfRemote = async () =>
    at(`refs/remotes/${base}`) !== undefined ||
    (await gitLine(['remote'], main)).split('\n').includes(base.slice(0, slash));
  const isLocal = at(`refs/heads/${base}`) !== undefined;
  const into = isLocal ? base : at(`refs/heads/${name}`) && (await isOfRemote()) ? name : undefined;
  const local = found.get(`refs/heads/${into}`);
  const remotes = [`refs/remotes/${base}`, `refs/remotes/origin/${base}`, local?.[2] ?? ''].map(at);
  const bases = [local?.[1], ...remotes].filter((commit) => commit !== undefined);
  return { tip: at(`refs/heads/${branch}`), into, bases };
}

interface BranchOfWork {
  mainRepo: string;
  branch: string;
  base: string;
  baseCommit: string;
  /** In case the branch is gone. */
  tip?: string;
  /** The merge commit in the base, according to the pull request, and the commit that was pushed for it. */
  mergeCommit?: string;
  pushed?: string;
}

/**
 * Whether the base of a branch, here or as last fetched, contains its work as far as git shows it: its tip, the
 * merge commit of its pull request, or a commit with the files of its tip, as a squash leaves it. A branch without
 * its own commits is not merged. Starts two git programs, neither of which runs a program that the repository's
 * settings name.
 */
export async function isInBase(branch: BranchOfWork, baseEnv: GitOptions['baseEnv']): Promise<boolean> {
  const git = { cwd: branch.mainRepo, baseEnv };
  try {
    const { tip = branch.tip, bases } = await readRefs(branch, git);
    if (tip === undefined || tip === branch.baseCommit || bases.length === 0) return false;
    if (bases.includes(tip)) return true;
    const { mergeCommit, pushed = tip } = branch;
    const text = await gitLine(['rev-list', '--format=%H %T %P', tip, ...bases, '--not', `${tip}^@`], git);
    const commits = text.split('\n').map((line) => line.split(' '));
    const tree = commits.find(([commit]) => commit === tip)?.[1] ?? 'unknown';
    return commits.some(
      ([commit, files, ...parents]) =>
        commit !== tip &&
        (files === tree || parents.includes(tip) || (commit === mergeCommit && pushed === tip)),
    );
  } catch (error) {
    if (isGitError(error)) return false;
    throw error;
  }
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
