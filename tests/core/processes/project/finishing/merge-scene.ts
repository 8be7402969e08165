import { join } from 'node:path';
import { type FastForwardPlan, fastForward } from '../../../../../src/core/project/finishing/fast-forward.ts';
import { type MergeCommit, makeMergeCommit } from '../../../../../src/core/project/finishing/merge-commit.ts';
import { makeRepo, type RepoPlan, type TempRepo } from '../../../../support/temp-repo.ts';

export const REF = 'refs/samocode/26-01-08-x/merge';

export interface Scene extends AsyncDisposable {
  repo: TempRepo;
  merge(): Promise<MergeCommit>;
  /** What moves main to the merge commit. */
  plan(from?: string): Promise<FastForwardPlan>;
  /** Fast-forwards main to the merge commit. */
  forward(from?: string): ReturnType<typeof fastForward>;
  at(ref: string): Promise<string>;
}

/** A repository with main checked out and a branch `samocode/x` that starts at its first commit. */
export async function mergeScene(plan: RepoPlan = {}): Promise<Scene> {
  const repo = await makeRepo(plan);
  await repo.git(['branch', 'samocode/x']);
  const at = (ref: string) => repo.git(['rev-parse', ref]);
  const place = { mainRepo: repo.path, baseEnv: repo.env };
  const planOf: Scene['plan'] = async (from) => ({
    ...place,
    branch: 'main',
    from: from ?? (await at('main')),
    to: await at(REF),
    ref: REF,
  });
  return {
    repo,
    at,
    merge: async () =>
      makeMergeCommit({
        ...place,
        dir: join(repo.root, 'worktrees/_checks/x/merging'),
        into: 'main',
        onto: await at('main'),
        tip: await at('samocode/x'),
        message: "Merge branch 'samocode/x'",
        ref: REF,
      }),
    plan: planOf,
    forward: async (from) => fastForward(await planOf(from)),
    [Symbol.asyncDispose]: () => repo[Symbol.asyncDispose](),
  };
}

/** Commits on the branch of the session, in a temporary worktree. */
export async function work(repo: TempRepo, files: Record<string, string>): Promise<void> {
  await repo.git(['switch', '--quiet', 'samocode/x']);
  await repo.commit('Work', files);
  await repo.git(['switch', '--quiet', 'main']);
}
