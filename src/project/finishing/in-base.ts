import { runGit } from '../git/git.ts';
import { isGitError } from '../git/git-errors.ts';
import { objectsOf } from '../git/repository.ts';

/**
 * Whether the base of a branch contains its work, as far as git shows it: the tip, or a commit with the same files, as
 * a squash leaves it. The local base branch counts, and the one of its remote. A branch without commits of its own is
 * not merged. Two git programs at most; none of them runs what the repository's settings name.
 * @param tip where the work ended, in case the branch is gone
 */
export async function isInBase(
  { mainRepo: cwd, branch, base, baseCommit, tip: lastTip, mergeCommit }: Branch,
  baseEnv: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  const git = { cwd, baseEnv };
  const ofTip = (tip = '') => [`${tip}^{commit}`, `${tip}^{tree}`];
  const local = base.slice(base.indexOf('/') + 1);
  const bases = [`refs/heads/${base}`, `refs/heads/${base}@{upstream}`, `refs/remotes/origin/${base}`];
  try {
    const [tip, tree, last, lastTree, ofRemote, ofLocal, ...others] = await objectsOf(
      [
        ...ofTip(`refs/heads/${branch}`),
        ...ofTip(lastTip),
        ...[`refs/remotes/${base}`, `refs/heads/${local}`, ...bases].map((ref) => `${ref}^{commit}`),
      ],
      git,
    );
    const end = tip ?? last;
    if (end === undefined || end === baseCommit) return false;
    // `origin/main` is also followed by a local branch; the name of a local branch may contain a slash.
    const into = [ofRemote, ofRemote && ofLocal, ...others].filter((commit) => commit !== undefined);
    if (into.includes(end)) return true;
    if (into.length === 0) return false;
    // Of each commit that the branch does not have: its name, its tree, its parents.
    const list = ['rev-list', '--format=%T %P', ...new Set(into), `^${end}`];
    const words = new Set((await runGit(list, git)).stdout.split(/\s+/));
    return [end, tip === undefined ? lastTree : tree, mergeCommit].some((name) => name && words.has(name));
  } catch (error) {
    if (isGitError(error)) return false;
    throw error;
  }
}

interface Branch {
  mainRepo: string;
  branch: string;
  base: string;
  baseCommit: string;
  tip?: string | undefined;
  /** Of its merged pull request, whose head is the branch. */
  mergeCommit?: string | undefined;
}
