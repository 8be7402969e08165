import { type Checkpoint, keepCheckpoint } from '../project/checkpoint.ts';
import { commitSessionFiles } from '../project/session-repository.ts';
import type { OpenIteration } from '../session/state.ts';
import { stateOf, type Worker } from './worker.ts';

export interface KeptWork {
  checkpoint?: { ref: string; commit: string };
  /** Why nothing could be kept, or what was left out. */
  problem?: string;
}

/** Keeps worktree and documents as a commit under a ref of ours, whatever the child left. Never throws. */
export async function keepWork(worker: Worker, open: OpenIteration): Promise<KeptWork> {
  const { worktree } = stateOf(worker);
  if (worktree === undefined) return {};
  try {
    const kept: Checkpoint = await keepCheckpoint({
      worktreePath: worktree.path,
      sessionDir: worker.paths.sessionDir,
      sessionFolder: worker.file.folder,
      iteration: open.iteration,
      ...worker.git.context,
    });
    const left =
      kept.skipped.length > 0
        ? `Too large for a checkpoint: ${kept.skipped.slice(0, 10).join(', ')}`
        : undefined;
    return { checkpoint: { ref: kept.ref, commit: kept.commit }, ...(left && { problem: left }) };
  } catch (error) {
    return {
      problem: `No checkpoint of iteration ${open.iteration}: ${error instanceof Error ? error.message : error}`,
    };
  }
}

/** Commits the readable files where SESSIONS is a repository of its own. A nicety: it stops nothing. */
export async function commitReadableFiles(worker: Worker): Promise<void> {
  const { lastIteration } = stateOf(worker);
  if (lastIteration === undefined) return;
  const message = `${lastIteration.phase}: ${lastIteration.lastAction ?? lastIteration.ending}`;
  await commitSessionFiles({
    sessionDir: worker.paths.sessionDir,
    mainRepo: worker.file.mainRepo,
    message,
    ...worker.git.context,
  }).catch(() => false);
}
