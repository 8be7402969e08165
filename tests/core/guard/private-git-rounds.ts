import { gitDirOf } from '../../../src/core/kernel/files/git-pointer.ts';
import { type Collected, collectPrivateGit } from '../../../src/core/sandbox/private-git/collect.ts';
import { makePrivateGit } from '../../../src/core/sandbox/private-git/make-private-git.ts';
import { privateGitIn } from '../../../src/core/sandbox/private-git/private-git.ts';
import type { GuardScene } from './guard-scene.ts';

/** A worker's steps around an agent: prepare the folder, and collect what was committed. */
export async function around(scene: GuardScene) {
  const { commonDir, session } = scene.places;
  const { worktree: worktreePath, branch } = session ?? { worktree: '', branch: '' };
  const { env } = scene;
  const gitDir = (await gitDirOf(worktreePath)) ?? '';
  const plan = {
    ...{ commonDir, gitDir, branch, worktreePath, git: privateGitIn(session?.git?.runDir ?? '') },
    ...{ ownRefs: 'refs/samocode/boat/', message: 'samocode: boat' },
  };
  const context = { baseEnv: env };
  return {
    note: plan.git.note,
    make: async () => {
      await makePrivateGit(plan, context);
      await scene.handOver();
    },
    collect: async (): Promise<Collected> => {
      const collected = await collectPrivateGit(plan, context);
      await scene.handOver();
      return collected;
    },
  };
}

/** All refs of the user, and the checked out files. */
export const REFS =
  'git -C "$MAIN" for-each-ref --format="%(refname) %(objectname)" | grep -v -e "^refs/samocode/" -e "/$BRANCH "; cat "$COMMON/HEAD"';
