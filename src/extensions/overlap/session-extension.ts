import { writeUnsynced } from '../../core/kernel/files/atomic-file.ts';
import { branchFacts, mainGit } from '../../core/worker/judge/check-facts.ts';
import type { SessionExtension } from '../../core/worker/state/extension.ts';
import { logToStderr } from '../../core/worker/state/passing-errors.ts';
import { stateOf, type Worker } from '../../core/worker/state/worker.ts';
import { type ChangedPaths, changedPathsOf } from './changed-paths.ts';

const overlap: SessionExtension = {
  // No session waits for what is only said of it.
  betweenAgents: (worker) => keepChangedPaths(worker).catch((error) => logToStderr(worker, error)),
};

export const OVERLAP_SESSION_EXTENSIONS: readonly SessionExtension[] = [overlap];

/** Of more files the rest is not compared. */
const MAX_PATHS = 10_000;

/** Keeps what the branch has changed, if an agent has moved it. Most often git was asked about that before. */
async function keepChangedPaths(worker: Worker): Promise<void> {
  const { worktree, openIteration } = stateOf(worker);
  // A worker that leaves before it has judged an agent: the next one compares the run folder with what it was.
  if (openIteration !== undefined) return;
  // The last parent of a checkpoint is the tip of the branch.
  const tip = worker.memory.lastKept?.parents.at(-1);
  if (worktree === undefined || tip === undefined) return;
  const { branch, base, baseCommit } = worktree;
  const known = (await changedPathsOf(worker.paths)) ?? { baseCommit, tip: baseCommit };
  if (known.tip === tip && known.baseCommit === baseCommit) return;
  const paths = (await branchFacts(worker, tip, baseCommit)?.paths(mainGit(worker))) ?? [];
  const changed: ChangedPaths = {
    ...{ v: 1, repo: worker.file.mainRepo, branch, base, baseCommit, tip },
    paths: paths.slice(0, MAX_PATHS),
  };
  writeUnsynced(worker.paths.changedPaths, `${JSON.stringify(changed)}\n`, { mode: 0o600 });
}
