import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GitOptions, gitLine } from '../git/git.ts';
import { isGitError } from '../git/git-errors.ts';
import { mergeTree } from '../git/no-drivers.ts';
import { commitOf, type GitContext, isAncestor, objectsOf } from '../git/repository.ts';
import { unsignedCommits } from '../git/unsigned-commits.ts';
import { historyIn, listCommits } from './listed-commits.ts';

/** Where a branch is, compared with its base. */
export interface BranchStatus {
  /** Short name of the local branch to merge into; absent if there is none. */
  into: string | undefined;
  ahead: number;
  /** Absent if the branch is gone. */
  tip: string | undefined;
  /** Whether the base, here or as last fetched, contains the work as far as git shows it. */
  isInBase: boolean;
  /** The working copy in which `into` is checked out. */
  checkout: string | undefined;
}

export interface BaseBranch extends BranchStatus {
  /** Commits on the session's branch since it began. */
  sinceBase: number;
  /** The number of unsigned commits since it began; 0 unless the user signs commits. */
  unsigned: number;
}

/** The base of a branch, as recorded when the branch was made. */
interface RecordedBase {
  /** Its short name. */
  base: string;
  /** Its full name; absent for a commit or a tag, and in old records, where the short name stands for either branch. */
  baseRef?: string | undefined;
}

/**
 * The branch that a session's work is merged into: the local branch of its base, `main` for `origin/main`.
 */
export async function findBaseBranch({
  mainRepo,
  base,
  baseRef,
  branch,
  baseCommit,
  ...context
}: GitContext &
  RecordedBase & { mainRepo: string; branch: string; baseCommit: string }): Promise<BaseBranch> {
  const main = { ...context, cwd: mainRepo };
  const standing = await branchStatusOf({ branch, base, baseRef, baseCommit }, main);
  const { tip } = standing;
  if (tip === undefined) return { ...standing, sinceBase: 0, unsigned: 0 };
  const sinceBase = await countCommits(baseCommit, tip, main);
  return {
    ...standing,
    sinceBase,
    unsigned: await unsignedCommits({ mainRepo, since: baseCommit, tip }, context),
  };
}

export async function countCommits(since: string, tip: string, main: GitOptions): Promise<number> {
  return Number(await gitLine(['rev-list', '--count', `${since}..${tip}`, '--'], main));
}

export interface RefsOfBranch extends Pick<BranchStatus, 'tip' | 'into' | 'checkout'> {
  /** Absent if the branch is its own base. */
  intoTip: string | undefined;
  /** The tips of its base: here, of the remote-tracking branch, and of the branch that the local base follows. */
  bases: string[];
  /** The refs that show it on remotes, and their commits. */
  copies: ListedRef[];
  /** All that were listed. */
  listed: ListedRef[];
}

type ListedRef = [commit: string, ref: string];

/** The refs of a branch and of its base. @param also the prefix of further refs to list */
export async function refsOf(
  { branch, base, baseRef }: RecordedBase & { branch: string },
  main: GitOptions,
  also?: string,
): Promise<RefsOfBranch> {
  const remote = await remoteNamed(base, main);
  const name = base.slice(remote.length + 1);
  const format = '--format=%(refname) %(objectname) %(upstream) %(worktreepath)';
  const ask = ['for-each-ref', format, `refs/remotes/*/${base}`];
  const copied = `refs/remotes/*/${branch}`;
  const heads = [branch, base, name].map((each) => `refs/heads/${each}`);
  const refs = [copied, ...heads, ...(also === undefined ? [] : [also])];
  const lines = (await gitLine([...ask, `refs/remotes/${base}`, ...refs], main)).split('\n');
  const found = new Map(lines.map((line) => [line.split(' ')[0], line.split(' ')]));
  const at = (ref: string) => found.get(ref)?.[1];
  const there = `refs/remotes/${base}`;
  // A bare clone keeps no refs of its remote.
  const isOfRemote = async () =>
    at(there) !== undefined || (await gitLine(['remote'], main)).split('\n').includes(remote);
  const isThere = baseRef === there;
  const isLocal = !isThere && at(`refs/heads/${base}`) !== undefined;
  const mayBeThere = isThere || (baseRef === undefined && !isLocal);
  const into = isLocal
    ? base
    : mayBeThere && at(`refs/heads/${name}`) && (await isOfRemote())
      ? name
      : undefined;
  const local = found.get(`refs/heads/${into}`);
  const own = baseRef === `refs/heads/${base}` ? '' : there;
  const remotes = [own, `refs/remotes/origin/${base}`, local?.[2] ?? ''].map(at);
  const bases = [local?.[1], ...remotes].filter((commit) => commit !== undefined);
  const checkout = local?.slice(3).join(' ') || undefined;
  const listed = [...found].map(([ref = '', [, commit = '']]): ListedRef => [commit, ref]);
  const isCopy = ([, ref]: ListedRef) => /^refs\/remotes\/[^/]+\//.exec(ref)?.[0] + branch === ref;
  const intoTip = into === branch ? undefined : local?.[1];
  return {
    tip: at(`refs/heads/${branch}`),
    into,
    intoTip,
    bases,
    checkout,
    copies: listed.filter(isCopy),
    listed,
  };
}

/** The name of the remote with which a base may begin; with several slashes either may have them. */
async function remoteNamed(base: string, main: GitOptions): Promise<string> {
  const [first = '', ...others] = base.split('/');
  if (others.length < 2) return first;
  const names = (await gitLine(['remote'], main)).split('\n').filter((name) => base.startsWith(`${name}/`));
  return names.toSorted((a, b) => b.length - a.length)[0] ?? first;
}

interface BranchOfWork extends RecordedBase {
  branch: string;
  baseCommit: string;
  /** In case the branch is gone. */
  tip?: string;
  /** The merge commit in the base, according to the pull request, and the commit that was pushed for it. */
  mergeCommit?: string;
  pushed?: string;
  /** Its session is done: only then is a base that lacks nothing of it one that has it. */
  isDone?: boolean;
}

/**
 * Compares a branch with its base. The base contains its tip, the merge commit of its pull request, or a commit with the
 * files of its tip, as a squash leaves it, or lacks nothing of it; a branch without its own commits is not merged. Starts
 * two git programs, and for the last question more; none runs a program that the repository's settings name.
 */
export async function branchStatusOf(branch: BranchOfWork, main: GitOptions): Promise<BranchStatus> {
  const { tip: own, into, bases, checkout } = await refsOf(branch, main);
  const tip = own ?? branch.tip;
  const known = { into: own === undefined || into === branch.branch ? undefined : into, tip: own, checkout };
  const [first, ...others] = bases;
  if (tip === undefined || first === undefined) return { ...known, ahead: 0, isInBase: false };
  // The last commit of a deleted branch may be gone from the repository, too.
  const options = { ...main, allowFailure: own === undefined };
  // Without commits that both sides have.
  const commits = await listCommits([`${tip}...${first}`, ...others], options);
  const ofBranch = historyIn(commits, tip);
  // Only the local base comes first if there is one.
  const ofBase = historyIn(commits, first);
  const ahead = known.into === undefined ? 0 : [...ofBranch].filter((hash) => !ofBase.has(hash)).length;
  const { mergeCommit, pushed = tip } = branch;
  const tree = commits.get(tip)?.tree;
  const isMerged = [...commits].some(
    ([hash, each]) =>
      !ofBranch.has(hash) &&
      (each.tree === tree || each.parents.includes(tip) || (hash === mergeCommit && pushed === tip)),
  );
  const isThere = bases.includes(tip) || isMerged || (branch.isDone === true && (await lacksNothing()));
  return { ...known, ahead, isInBase: tip !== branch.baseCommit && isThere };

  async function lacksNothing(): Promise<boolean> {
    for (const base of bases) {
      const hasGoneOn = [...historyIn(commits, base)].some((hash) => !ofBranch.has(hash));
      const asked = { base, tip: tip ?? '', since: branch.baseCommit };
      if (hasGoneOn && (await bringsNothing(asked, main))) return true;
    }
    return false;
  }
}

/** What was found, by the tips; they never change. */
const brought = new Map<string, boolean>();
const MERGE_LIMIT_MS = 5000;

/**
 * Whether merging a branch would change nothing in its base, as after a squash elsewhere, whatever lies between. Changes
 * that cancel out are no work. What git writes goes into a folder that is removed; without an answer, something is missing.
 */
async function bringsNothing(
  { base, tip, since }: { base: string; tip: string; since: string },
  main: GitOptions,
): Promise<boolean> {
  const key = [base, tip, since].join();
  const known = brought.get(key);
  if (known !== undefined) return known;
  const [ofBase, ofTip, before] = await objectsOf(
    [base, tip, since].map((commit) => `${commit}^{tree}`),
    main,
  );
  if (ofTip === before) return false;
  const folder = await mkdtemp(join(tmpdir(), 'samocode-merge-'));
  try {
    const objects = await gitLine(['rev-parse', '--path-format=absolute', '--git-path', 'objects'], main);
    const env = { ...main.env, GIT_OBJECT_DIRECTORY: folder, GIT_ALTERNATE_OBJECT_DIRECTORIES: objects };
    const merged = await mergeTree(base, tip, { ...main, env, timeoutMs: MERGE_LIMIT_MS });
    const isIn = merged.kind === 'tree' && merged.tree === ofBase;
    if (merged.kind !== 'unable') brought.set(key, isIn);
    return isIn;
  } catch (error) {
    if (isGitError(error)) return false;
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** See `branchStatusOf`; false if git cannot tell. */
export async function isInBase(
  branch: BranchOfWork & { mainRepo: string },
  baseEnv: GitOptions['baseEnv'],
): Promise<boolean> {
  try {
    return (await branchStatusOf(branch, { cwd: branch.mainRepo, baseEnv })).isInBase;
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
  const isIn = (commit: string, other: string) => isAncestor(commit, other, main);
  const isBehind = there !== undefined && (await isIn(from, there));
  return { from, onto: isBehind ? there : from, hasAll: await isIn(tip, from) };
}
