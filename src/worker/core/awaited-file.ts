import { isAbsolute, join, relative, resolve } from 'node:path';
import { statsAt } from '../../base/files/look-at.ts';
import type { ParkDecision } from '../../phases/decision.ts';
import { stateOf, type Worker } from './worker.ts';

/**
 * A wait for a file as it can be kept: for a file of the session folder that people write. For any other (one that
 * the worker writes, one elsewhere) nothing would go on by itself, or at once: then a person says when it is changed.
 */
export function awaitedFile(worker: Worker, decision: ParkDecision): ParkDecision {
  const { file: named, ...rest } = decision;
  if (named === undefined || decision.for !== 'file_update') return decision;
  const file = relative(worker.paths.sessionDir, resolve(worker.paths.sessionDir, named));
  if (isOfPeople(worker, file)) return { ...rest, file };
  const why = decision.reason === undefined ? '' : ` (${decision.reason})`;
  return { ...rest, for: 'human_action', reason: `Change ${named}${why}, then resume the session.` };
}

function isOfPeople({ paths, writer }: Worker, file: string): boolean {
  if (file === '' || file.startsWith('..') || isAbsolute(file)) return false;
  const path = join(paths.sessionDir, file);
  const { overview, signal, history, sessionLog, logs, inbox } = paths;
  if ([overview, signal, history, sessionLog].includes(path)) return false;
  if ([logs, inbox].some((folder) => path.startsWith(folder))) return false;
  const { worktree } = stateOf({ writer });
  const isInWorktree = worktree !== undefined && statsAt(join(worktree.path, file)) !== undefined;
  return statsAt(path) !== undefined || !isInWorktree;
}
