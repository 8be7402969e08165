import { join } from 'node:path';
import { gitDirOf } from '../src/core/kernel/files/git-pointer.ts';
import { gitLine } from '../src/core/project/git/git.ts';
import { removeTree } from '../src/core/project/git/remove-tree.ts';
import { makeClone } from '../src/core/project/proving/clean-clone.ts';
import { runProjectShell } from '../src/core/project/proving/project-command.ts';
import { type Bench, type BenchResult, rounded } from './bench.ts';
import { type LargeWorktree, timed, withWorktree } from './large-worktree.ts';

const ROUNDS = 5;
const FILES = 1_000;
const CHECK = 'sleep 1';

/** The proof that runs before testing goes to quality, and before done. */
export const proofBench: Bench = {
  name: 'proof',
  title: 'Proof',
  about: `the cost of the full set of checks on a fresh clone of ${FILES} files, apart from its check of one second`,
  means: {
    clone_ms: 'ms to make the clone',
    beside_check_ms: 'ms of clone, run and removal, without the check itself',
  },
  run: () => withWorktree(FILES, measure),
};

async function measure({ place }: LargeWorktree): Promise<BenchResult> {
  const { mainRepo, worktreePath, branch, storeDir, baseEnv } = place;
  const commit = await gitLine(['rev-parse', 'HEAD'], { cwd: worktreePath, baseEnv });
  const worktreeGitDir = await gitDirOf(worktreePath);
  const dir = join(storeDir, 'clone');
  const costs = [];
  for (let index = 0; index < ROUNDS; index += 1) {
    const clonedMs = await timed(() =>
      makeClone({ mainRepo, worktreeGitDir, dir, commit, branch, base: commit }, { baseEnv }),
    );
    const checkedMs = await timed(() =>
      runProjectShell(CHECK, { cwd: dir, env: { PATH: process.env.PATH ?? '' } }),
    );
    const removedMs = await timed(() => removeTree(dir));
    costs.push({ clonedMs, besideMs: clonedMs + removedMs + checkedMs - 1000 });
  }
  return {
    values: {
      clone_ms: rounded(costs.map(({ clonedMs }) => clonedMs)),
      beside_check_ms: rounded(costs.map(({ besideMs }) => besideMs)),
    },
    goals: [{ value: 'beside_check_ms', atMost: 3000 }],
  };
}
