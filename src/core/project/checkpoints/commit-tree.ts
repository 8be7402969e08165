import { join } from 'node:path';
import { systemClock } from '../../kernel/clock.ts';
import { runGit } from '../git/git.ts';
import { writeLoose } from '../git/write-loose.ts';
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
  const by = `samocode <samocode@localhost> ${Math.floor(systemClock.now() / 1000)} +0000`;
  const above = [...new Set(parents)].map((parent) => `parent ${parent}\n`).join('');
  const text = `tree ${tree}\n${above}author ${by}\ncommitter ${by}\n\n${message.replace(/\n*$/, '\n')}`;
  const commit = writeLoose(join(store.commonDir, 'objects'), 'commit', Buffer.from(text), tree);
  // A garbage collection at this moment takes what no ref names yet, and fails for good on a ref to what is gone.
  const whole = ['rev-list', '--objects', '--quiet', '--missing=allow-promisor', commit, '--not', ...parents];
  await runGit(whole, options);
  await runGit(['update-ref', '--no-deref', ref, commit], options);
  return commit;
}
