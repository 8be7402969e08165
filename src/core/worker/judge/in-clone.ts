import { join } from 'node:path';
import { gitDirOf } from '../../kernel/files/git-pointer.ts';
import type { ProofFolders, Proving } from '../../kernel/phases/proving.ts';
import { endTree, type Mark } from '../../kernel/processes/end-tree.ts';
import { clearAside, removeAtOnce } from '../../project/git/remove-tree.ts';
import type { CheckPlace } from '../../project/proving/run-check.ts';
import { runOnClone, type SetEnd, type SetOnClone } from '../../project/proving/run-on-clone.ts';
import { checksRoot, checksRoots, openChecksRoot } from '../../project/worktrees/checks-root.ts';
import { hidesFolders, proofPlace } from '../../sandbox/proof-place.ts';
import { environmentIn } from '../state/environment.ts';
import { LEFTOVER_GRACE_MS, sessionMark } from '../state/processes.ts';
import type { Worker } from '../state/worker.ts';
import { WORKER_ERRORS } from '../state/worker-errors.ts';

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
  /** Ignored folders of MAIN_REPO that its commands see, where nothing is to be proved. */
  lent?: readonly string[];
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
  const envIn = async (folders: ProofFolders) => {
    const own = await worker.services?.variables({ set: ports, folders });
    const facts = { sessionUlid: mark, iteration, own, ...(set.lent && { led: undefined }) };
    return await environmentIn(worker, folders.clone, facts);
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
    placeIn: async (folders: ProofFolders) =>
      proofPlace(guard, { ...folders, lent: set.lent }, await envIn(folders)),
    serve: await worker.services?.inClone({ set: ports, mark, outputDir, env: envIn, signal }),
  };
  const tools = { clock: worker.clock, context: worker.git.context };
  return await runOnClone(onClone, tools, (problem) => WORKER_ERRORS.clone_failed({ problem }));
}

type Place = Pick<Worker, 'file'>;

export function scratchDir({ file }: Place): string {
  return join(checksRoot(file.worktreesDir), file.folder);
}

/** Like `scratchDir`, for commands that no guard confines. */
export function openScratchDir(worker: Pick<Worker, 'file' | 'env'>): string {
  const { worktreesDir, id } = worker.file;
  const root = openChecksRoot(worktreesDir, worker.env);
  return root === checksRoot(worktreesDir) ? scratchDir(worker) : join(root, id);
}

/** Marks processes that run in parallel with an agent; the end of an agent ends all processes with its own marker. */
export function baseRunMark(worker: Place): Mark {
  const { name, value } = sessionMark(worker);
  return { name, value: `${value}-base` };
}

export async function endBaseProcesses(worker: Worker): Promise<void> {
  const { host, clock } = worker;
  await endTree(undefined, baseRunMark(worker), { host, clock, graceMs: LEFTOVER_GRACE_MS, known: [] });
}

export async function clearScratch(worker: Worker): Promise<void> {
  await endBaseProcesses(worker);
  const scratches = checksRoots(worker.file.worktreesDir).map((root) => join(root, worker.file.folder));
  for (const each of [...scratches, openScratchDir(worker)]) {
    await removeAtOnce(each);
    await clearAside(each);
  }
}
