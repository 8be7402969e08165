import { configValue } from '../git/config.ts';
import { CHECKOUT_LIMIT_MS, type GitOptions, gitLine, runGit } from '../git/git.ts';
import { gitFailure } from '../git/git-errors.ts';
import { noDrivers } from '../git/no-drivers.ts';
import { OFFLINE } from '../git/own-repository.ts';
import { namesIn, readable } from '../git/path-bytes.ts';
import { removeTree } from '../git/remove-tree.ts';
import { commonDirOf, type GitContext, isAncestor, requireIdentity } from '../git/repository.ts';
import { makeClone } from '../proving/clean-clone.ts';

export interface MergePlan extends GitContext {
  mainRepo: string;
  dir: string;
  into: string;
  onto: string;
  tip: string;
  message: string;
  ref: string;
}

export type MergeCommit = { kind: 'made'; commit: string } | { kind: 'conflicts'; files: string[] };

/**
 * Merges two commits in a temporary clone; no branch and no checkout of the repository changes. Keeps the result under
 * `ref`: just `tip` if it is a fast-forward, unless `merge.ff` is false.
 */
export async function makeMergeCommit(plan: MergePlan): Promise<MergeCommit> {
  const { mainRepo, dir, into, onto, tip, message, ref, ...context } = plan;
  const main: GitOptions = { ...context, cwd: mainRepo };
  const isMergeWanted = (await configValue('merge.ff', main, 'bool-or-str')) === 'false';
  const isAhead = await isAncestor(onto, tip, main);
  const made: MergeCommit =
    isAhead && !isMergeWanted ? { kind: 'made', commit: tip } : await mergeInClone(plan);
  if (made.kind === 'made')
    await runGit(['update-ref', '--no-deref', '-m', `samocode: ${message}`, ref, made.commit], main);
  return made;
}

async function mergeInClone({
  mainRepo,
  dir,
  into,
  onto,
  tip,
  message,
  signal,
  baseEnv,
  config = [],
}: MergePlan): Promise<MergeCommit> {
  const context = { signal, baseEnv, config };
  const { name, email } = await requireIdentity(mainRepo, context);
  const commonDir = await commonDirOf(mainRepo, context);
  try {
    const filters = await makeClone(
      { mainRepo, commonDir, dir, commit: onto, branch: into, base: onto },
      context,
    );
    const clone: GitOptions = {
      ...context,
      cwd: dir,
      config: [...filters, ...(await noDrivers({ ...context, cwd: dir })), ...config],
      env: {
        ...OFFLINE,
        GIT_AUTHOR_NAME: name,
        GIT_AUTHOR_EMAIL: email,
        GIT_COMMITTER_NAME: name,
        GIT_COMMITTER_EMAIL: email,
        // Objects go directly to the repository: nothing has to be fetched from the clone.
        GIT_OBJECT_DIRECTORY: `${commonDir}/objects`,
      },
      timeoutMs: CHECKOUT_LIMIT_MS,
      allowFailure: true,
    };
    const merge = ['merge', '--quiet', '--no-ff', '--no-stat', '-m', message];
    const { exitCode, stderr } = await runGit([...merge, tip], clone);
    if (exitCode === 0) return { kind: 'made', commit: await gitLine(['rev-parse', 'HEAD'], clone) };
    const unmerged = await runGit(['diff', '--name-only', '--diff-filter=U', '-z'], {
      ...clone,
      encoding: 'latin1',
    });
    const files = namesIn(unmerged.stdout).map(readable);
    if (files.length > 0) return { kind: 'conflicts', files };
    throw gitFailure({ subcommand: 'merge', cwd: dir, exitCode }, stderr, clone.baseEnv);
  } finally {
    await removeTree(dir);
  }
}
