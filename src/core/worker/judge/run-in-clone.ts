import { gitDirOf } from '../../kernel/files/git-pointer.ts';
import type { ProofFolders, Proving } from '../../kernel/phases/proving.ts';
import type { CheckPlace } from '../../project/proving/run-check.ts';
import {
  type Overlay,
  runOnClone,
  type SetEnd,
  type SetOnClone,
} from '../../project/proving/run-on-clone.ts';
import { childEnvironment } from '../../sandbox/programs/environment.ts';
import { hidesFolders, proofPlace } from '../../sandbox/proof-place.ts';
import type { Worker } from '../state/worker.ts';
import { WORKER_ERRORS } from '../state/worker-errors.ts';
import { openScratchDir, scratchDir } from './scratch.ts';

export interface ClonedSet {
  /** Names the clone and the output files. */
  name: string;
  commit: string;
  worktree: { path: string; branch: string; baseCommit: string };
  commands: readonly string[];
  proving: Proving;
  /** The value of the marker of its processes. */
  mark: string;
  iteration: number;
  outputDir: string;
  signal: AbortSignal;
  begins?: CheckPlace['begins'];
  overlay?: Overlay;
  /** Called after the commands, beside the services, if nothing has failed. */
  during?: SetOnClone['during'];
}

/**
 * Runs commands on a fresh clone of a commit, after SETUP. If SETUP fails, none of them is run, and they all fail with
 * it.
 */
export async function runInClone(worker: Worker, set: ClonedSet): Promise<SetEnd> {
  const { worktree, mark, iteration, ...given } = set;
  const { outputDir, signal } = given;
  const ports = mark === worker.file.id ? 'own' : 'base';
  const admitted = await worker.guard.variables();
  const envIn = async (folders: ProofFolders) => {
    const own = await worker.application?.variables({ set: ports, folders });
    return childEnvironment(worker.env, { sessionUlid: mark, iteration, ...admitted, own });
  };
  const guard = await worker.guard.ofProof(ports);
  const onClone = {
    ...given,
    mainRepo: worker.file.mainRepo,
    commonDir: await worker.git.sharedDir(),
    worktreeGitDir: await gitDirOf(worktree.path),
    branch: worktree.branch,
    base: worktree.baseCommit,
    scratch: hidesFolders(guard) ? scratchDir(worker) : openScratchDir(worker),
    areObjectsWritable: !hidesFolders(guard),
    outputRoot: worker.paths.runDir,
    placeIn: async (folders: ProofFolders) => proofPlace(guard, folders, await envIn(folders)),
    serve: await worker.application?.inClone({ set: ports, mark, outputDir, env: envIn, signal }),
  };
  const tools = { clock: worker.clock, context: worker.git.context };
  return await runOnClone(onClone, tools, (problem) => WORKER_ERRORS.clone_failed({ problem }));
}
