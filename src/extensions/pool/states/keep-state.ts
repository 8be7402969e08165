import { join } from 'node:path';
import { BASE_ERRORS } from '../../../core/kernel/base-errors.ts';
import { isoUtc } from '../../../core/kernel/clock.ts';
import { writeUnsynced } from '../../../core/kernel/files/atomic-file.ts';
import { readTail } from '../../../core/kernel/files/lines.ts';
import { makeFolder } from '../../../core/kernel/files/make-folder.ts';
import { filesBelow, statsAt } from '../../../core/kernel/files/path-stats.ts';
import { travellingCheckpoints } from '../../../core/project/checkpoints/checkpoint-refs.ts';
import { openStore, repositoryOptions } from '../../../core/project/checkpoints/checkpoint-store.ts';
import { refNameOf } from '../../../core/session/layout/names.ts';
import { sessionPaths, travels } from '../../../core/session/layout/paths.ts';
import { keepWorkBefore, notKept } from '../../../core/worker/record/keep-work.ts';
import { logToStderr } from '../../../core/worker/state/passing-errors.ts';
import { requireLease } from '../../../core/worker/state/processes.ts';
import { recordIfTaken, stateOf, type Worker } from '../../../core/worker/state/worker.ts';
import type { KeptState } from '../board/state-manifest.ts';
import { leftWork } from './left-work.ts';
import { commitState, divideFiles, isDocument } from './state-commit.ts';

/** The last event in the newest state that a worker kept; in memory only, so that no agent can have changed it. */
const keptAt = new WeakMap<Worker, number>();

/**
 * Saves a pool's session between two agents as one commit, from which another machine can continue.
 * Never with an open iteration, so that the next owner has nothing to recover. A failure delays only the pool.
 */
export async function keepState(worker: Worker): Promise<void> {
  const { openIteration, archived, n } = stateOf(worker);
  if (openIteration !== undefined || keptAt.get(worker) === n) return;
  await requireLease(worker);
  try {
    const { file, git } = worker;
    const paths = sessionPaths(file.sessionsDir, file.folder, archived);
    const { checkpoints: storeDir } = paths;
    const worktreeTree = await worktreeTreeOf(worker);
    const store = await openStore({ mainRepo: file.mainRepo, storeDir, ...git.context });
    const below = (part: string, folder: string, isTaken: (name: string) => boolean) =>
      filesBelow(folder, isTaken).map((name): [string, string] => [`${part}/${name}`, join(folder, name)]);
    const { fit, unfit } = divideFiles([
      ...below('run', paths.runDir, travels),
      ...newestLogs(paths.logs, join(storeDir, 'logs')),
      ...below('session', paths.sessionDir, isDocument),
    ]);
    const sessionFolder = refNameOf(file);
    const left = await leftWork(worker, unfit);
    const checkpoints = await travellingCheckpoints(sessionFolder, repositoryOptions(store));
    const kept = { ...keptNow(worker), left, checkpoints };
    await commitState(store, { sessionFolder, worktreeTree, files: fit, kept });
    keptAt.set(worker, stateOf(worker).n);
  } catch (error) {
    if (BASE_ERRORS.lease_lost.is(error)) throw error;
    logToStderr(worker, error);
  }
  try {
    // Also after a failure, which another worker would only repeat.
    writeUnsynced(worker.paths.poolKept, String(stateOf(worker).n));
  } catch (error) {
    logToStderr(worker, error);
  }
}

function keptNow(worker: Worker): Omit<KeptState, 'head'> {
  const { n, status, archived, progress, worktree } = stateOf(worker);
  const { file, writer, clock } = worker;
  return {
    id: file.id,
    folder: file.folder,
    branch: worktree?.branch,
    n,
    lease: writer.lease,
    status: archived ? 'archived' : status.kind,
    phase: progress.phase,
    iteration: progress.totalIterations,
    at: isoUtc(clock.now()),
  };
}

/** The tree of the last checkpoint, unless a person has changed something since. */
async function worktreeTreeOf(worker: Worker): Promise<string | undefined> {
  const { worktree, progress } = stateOf(worker);
  if (worktree === undefined || statsAt(worktree.path) === undefined) return undefined;
  const kept = await keepWorkBefore(worker, progress.totalIterations + 1);
  if (kept.worktree === undefined) throw new Error(kept.problem);
  await recordIfTaken(worker, ...notKept(kept));
  return kept.worktree.worktreeTree;
}

const LOGS = 5;
const LOG_BYTES = 256 * 1024;

/** The newest part of the last logs; the complete ones stay on this machine. */
function newestLogs(logs: string, into: string): [string, string][] {
  makeFolder(into);
  const names = filesBelow(logs, (name) => name.endsWith('.jsonl')).sort();
  return names.slice(-LOGS).map((name, index) => {
    const part = join(into, String(index));
    writeUnsynced(part, readTail(join(logs, name), LOG_BYTES));
    return [`logs/${name}`, part];
  });
}
