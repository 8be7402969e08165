import { gitDirOf } from '../../base/files/git-pointer.ts';
import type { Proving } from '../../phases/proving.ts';
import type { CheckPlace } from '../../project/proving/run-check.ts';
import { type Overlay, runOnClone, type SetEnd } from '../../project/proving/run-on-clone.ts';
import { setupCacheDir } from '../../project/proving/setup-cache.ts';
import { childEnvironment } from '../../providers/starting/environment.ts';
import { insideOf } from '../../providers/starting/make-guard.ts';
import type { Worker } from '../core/worker.ts';
import { WORKER_ERRORS } from '../core/worker-errors.ts';
import { scratchDir } from './scratch.ts';

export interface ClonedSet {
  /** Names the clone and the files of the outputs. */
  name: string;
  commit: string;
  worktree: { path: string; branch: string; baseCommit: string };
  commands: readonly string[];
  proving: Proving;
  /** The value of the mark that its processes carry. */
  mark: string;
  iteration: number;
  outputDir: string;
  signal: AbortSignal;
  begins?: CheckPlace['begins'];
  overlay?: Overlay | undefined;
}

/**
 * Runs commands in a fresh clone of a commit, SETUP first. After a SETUP that fails none of them runs: its failure is theirs.
 * @throws clone_failed; the signal's reason
 */
export async function runInClone(worker: Worker, set: ClonedSet): Promise<SetEnd> {
  const { worktree, mark, iteration, ...given } = set;
  const env = childEnvironment(worker.env, { sessionUlid: mark, iteration });
  const onClone = {
    ...given,
    mainRepo: worker.file.mainRepo,
    worktreeGitDir: await gitDirOf(worktree.path),
    branch: worktree.branch,
    base: worktree.baseCommit,
    scratch: scratchDir(worker),
    cacheDir: setupCacheDir(worker.file.worktreesDir),
    outputRoot: worker.paths.runDir,
    placeIn: async (dir: string) => ({ env, ...insideOf(await worker.guard.guardOfClone(worker, dir)) }),
  };
  const tools = { clock: worker.clock, context: worker.git.context };
  return await runOnClone(onClone, tools, (problem) => WORKER_ERRORS.clone_failed({ problem }));
}
