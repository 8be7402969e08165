import { gitLine, runGit } from '../git/git.ts';
import { type CheckpointStore, repositoryOptions } from './checkpoint-store.ts';

export interface CommitPlan {
  /** Moves to the commit, from wherever it is. */
  ref: string;
  message: string;
  parents: readonly string[];
  tree: string;
}

/**
 * Commits a tree under a ref, as samocode: a checkpoint never fails for lack of an identity, and is not mistaken for
 * a person's commit.
 * @throws git_damaged, with the ref where it was, if an object of it is missing
 */
export async function commitTree(
  store: CheckpointStore,
  { ref, message, parents, tree }: CommitPlan,
): Promise<string> {
  const options = repositoryOptions(store);
  const above = parents.flatMap((parent) => ['-p', parent]);
  const env = { ...options.env, ...SAMOCODE };
  const making = ['-c', 'i18n.commitEncoding=UTF-8', 'commit-tree', ...above, '-F', '-', tree];
  const commit = await gitLine(making, { ...options, env, input: message });
  // A garbage collection at this moment takes what no ref names yet, and fails for good on a ref to what is gone.
  const whole = ['rev-list', '--objects', '--quiet', '--missing=allow-promisor', commit, '--not', ...parents];
  await runGit(whole, options);
  await runGit(['update-ref', '--no-deref', ref, commit], options);
  return commit;
}

const SAMOCODE = {
  GIT_AUTHOR_NAME: 'samocode',
  GIT_AUTHOR_EMAIL: 'samocode@localhost',
  GIT_COMMITTER_NAME: 'samocode',
  GIT_COMMITTER_EMAIL: 'samocode@localhost',
};
