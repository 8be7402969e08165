import { type GitOptions, gitLine } from '../git/git.ts';
import { isGitError } from '../git/git-errors.ts';

interface Branch {
  mainRepo: string;
  branch: string;
  base: string;
  baseCommit: string;
  /** Where the work ended, in case the branch is gone. */
  tip?: string | undefined;
  /** In the base, according to its pull request, with what was pushed for that. */
  mergeCommit?: string | undefined;
  pushed?: string | undefined;
}

/**
 * Whether the base of a branch, here or as last fetched, contains its work as far as git shows it: its tip, the merge
 * commit of its pull request, or a commit with the files of its tip, as a squash leaves it. A branch without commits of
 * its own is not merged. Starts two git programs, neither of which runs what the repository's settings name.
 */
export async function isInBase(branch: Branch, baseEnv: GitOptions['baseEnv']): Promise<boolean> {
  const git = { cwd: branch.mainRepo, baseEnv };
  try {
    const { tip = branch.tip, bases } = await tipsOf(branch, git);
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

async function tipsOf({ branch, base }: Branch, git: GitOptions): Promise<{ tip?: string; bases: string[] }> {
  const local = `refs/heads/${base.slice(base.indexOf('/') + 1)}`;
  const [own, into, remote] = [`refs/heads/${branch}`, `refs/heads/${base}`, `refs/remotes/${base}`];
  const ask = ['for-each-ref', '--format=%(refname) %(objectname) %(upstream)', own, into, local, remote];
  const lines = (await gitLine([...ask, `refs/remotes/*/${base}`], git)).split('\n');
  const found = lines.map((line) => line.split(' '));
  const at = (ref = '') => found.find(([name]) => name === ref)?.[1];
  const followed = found.find(([name]) => name === into)?.[2];
  // The name of a local branch may contain a slash, too: only `main` of `origin/main` is the base here.
  const ofLocal = at(remote) === undefined ? undefined : at(local);
  const bases = [at(into), at(remote), at(`refs/remotes/origin/${base}`), at(followed), ofLocal];
  return { tip: at(own), bases: bases.filter((commit) => commit !== undefined) };
}
