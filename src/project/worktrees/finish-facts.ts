import { namesAt, statsAt } from '../../base/files/look-at.ts';
import { inspectWorktree, type WorktreePlace, type WorktreeReading } from './inspect-worktree.ts';

interface FinishPlaces {
  sessionDir: string;
  /** Where the session folder would go. */
  to: string;
  /** Absent where none is to be inspected. */
  worktree?: WorktreePlace;
}

/** What the judges of archiving go by. Changes nothing. */
export async function factsForFinish({ sessionDir, to, worktree }: FinishPlaces): Promise<{
  names: string[];
  isTaken: boolean;
  worktree?: { path: string; reading: WorktreeReading };
}> {
  return {
    names: (namesAt(sessionDir) ?? []).sort(),
    isTaken: statsAt(to) !== undefined,
    worktree: worktree && { path: worktree.worktreePath, reading: await inspectWorktree(worktree) },
  };
}
