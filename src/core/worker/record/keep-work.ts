import type { Phase } from '../../kernel/phases/table.ts';
import {
  type CheckpointPlan,
  keepCheckpoint,
  type WorktreeSeen,
} from '../../project/checkpoints/checkpoint.ts';
import {
  dropCheckpoints,
  KEPT_CHECKPOINTS,
  keepPhaseEnd,
  type Moment,
  pruneCheckpoints,
  START,
} from '../../project/checkpoints/checkpoint-refs.ts';
import { openStore, repositoryOptions } from '../../project/checkpoints/checkpoint-store.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { refNameOf } from '../../session/layout/names.ts';
import { documentsPrint } from '../guarding/changes.ts';
import { unlessKilled } from '../state/passing-errors.ts';
import { stateOf, type Worker } from '../state/worker.ts';

export interface KeptWork {
  checkpoint?: { ref: string; commit: string };
  sessionTree?: string;
  /** Set even if no checkpoint was needed. */
  worktree?: WorktreeSeen;
  /** Why no checkpoint was taken, or what it does not include. */
  problem?: string;
}

export type CheckpointPlace = Omit<CheckpointPlan, 'moment' | 'alsoInWorktree'>;

/** The place of a session's checkpoints; undefined before it has a worktree. */
export function checkpointPlace(worker: Worker): CheckpointPlace | undefined {
  const { worktree } = stateOf(worker);
  if (worktree === undefined) return undefined;
  return {
    mainRepo: worker.file.mainRepo,
    worktreePath: worktree.path,
    branch: worktree.branch,
    baseCommit: worktree.baseCommit,
    sessionDir: worker.paths.sessionDir,
    sessionFolder: refNameOf(worker.file),
    storeDir: worker.paths.checkpoints,
    ...worker.git.context,
  };
}

/** Commits worktree and documents under one of our refs, whatever state the agent left them in. Never throws. */
export async function keepWork(
  worker: Worker,
  moment: Moment,
  { areDocumentsSame = false, programs }: Pick<CheckpointPlan, 'areDocumentsSame' | 'programs'> = {},
): Promise<KeptWork> {
  const place = checkpointPlace(worker);
  if (place === undefined) return {};
  const documentsNow = documentsPrint(worker, WRITTEN_IN_BETWEEN);
  const { memory } = worker;
  try {
    const plan = { ...place, moment, last: memory.lastKept, areDocumentsSame, programs };
    const kept = await unlessKilled(worker.clock, () => keepCheckpoint(plan));
    memory.lastKept = { ...kept, documentsPrint: documentsNow };
    const { ref, commit, newlySkipped, head, worktreeTree, print, sessionTree } = kept;
    const left =
      newlySkipped.length > 0
        ? `Not included in this and later checkpoints (over 50 MB, unreadable, a separate repository, more than 5,000 or 500 MB of new files in a folder, or changed and encrypted by a filter of the repository): ${newlySkipped.slice(0, 10).join(', ')}`
        : undefined;
    return {
      checkpoint: { ref, commit },
      sessionTree,
      worktree: { head, worktreeTree, print },
      problem: left,
    };
  } catch (error) {
    return { problem: `No checkpoint was taken: ${error instanceof Error ? error.message : error}` };
  }
}

/** Documents that the worker itself writes between two agents, besides the signal. */
const WRITTEN_IN_BETWEEN = ['_overview.md', '_requirements.json'];

/** Keeps the state before an agent if a person changed something since the last checkpoint. */
export async function keepWorkBefore(worker: Worker, iteration: number): Promise<KeptWork> {
  const { lastKept, seen } = worker.memory;
  const areDocumentsSame = lastKept?.documentsPrint === documentsPrint(worker, WRITTEN_IN_BETWEEN);
  if (areDocumentsSame && seen?.worktree) return { worktree: seen.worktree };
  const moment = iteration === 1 ? START : ({ kind: 'before', iteration } as const);
  return await keepWork(worker, moment, { areDocumentsSame });
}

/** The notice about a missing or incomplete checkpoint, if there is a problem. */
export function notKept({ problem }: KeptWork): NewEvent[] {
  return problem === undefined ? [] : [{ type: 'notice', code: 'checkpoint', text: problem }];
}

/** Tidying costs two git processes, so it is not done after every agent. */
const TIDY_EVERY = 10;

/** Removes old checkpoints, except the one that ends a phase. Optional: a failure stops nothing. */
export async function tidyCheckpoints(
  worker: Worker,
  end: { iteration: number; commit: string; endsPhase?: Phase },
): Promise<void> {
  const place = checkpointPlace(worker);
  if (place === undefined) return;
  const { sessionFolder } = place;
  const { iteration, commit, endsPhase: phase } = end;
  try {
    const store = await openStore(place);
    if (phase !== undefined) await keepPhaseEnd(store, { sessionFolder, iteration, phase, commit });
    if (iteration > KEPT_CHECKPOINTS && iteration % TIDY_EVERY === 0) {
      await pruneCheckpoints(store, sessionFolder);
    }
  } catch {
    // They are removed after a later iteration.
  }
}

/** A session that is archived as a whole needs no checkpoints: its branch is kept. */
export async function dropAllCheckpoints(worker: Worker): Promise<void> {
  const place = checkpointPlace(worker);
  if (place === undefined) return;
  // Checkpoints left behind are harmless.
  await openStore(place)
    .then((store) => dropCheckpoints(place.sessionFolder, repositoryOptions(store)))
    .catch(() => undefined);
}
