import { isAbsolute, join, relative, resolve } from 'node:path';
import { statsAt } from '../../kernel/files/path-stats.ts';
import type { ParkDecision } from '../../kernel/phases/decision.ts';
import { outageOf } from '../../kernel/phases/ending.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { OpenWorkOf } from '../../session/events/open-work.ts';
import { limitEnd, outageEnd } from '../limits/limit-end.ts';
import { blockedEvent } from '../state/blocked.ts';
import { stateOf, type Worker } from '../state/worker.ts';
import { recordParked } from './park.ts';

/** The events that carry out a decision. */
export async function settle(worker: Worker, { decision }: OpenWorkOf<'decision'>): Promise<NewEvent[]> {
  switch (decision.kind) {
    case 'run':
      return [];
    case 'limited': {
      const { lastIteration } = stateOf(worker);
      const outage = lastIteration && outageOf(lastIteration.ending);
      return outage ? [outageEnd(worker, outage)] : await limitEnd(worker, decision.until);
    }
    case 'block':
      return [blockedEvent(decision)];
    case 'done': {
      const { summary, requirements } = decision;
      return [{ type: 'done', summary, requirements, flow: `Done: ${summary}` }];
    }
    case 'park':
      return await recordParked(worker, awaitedFile(worker, decision));
    default:
      return decision satisfies never;
  }
}

/**
 * A wait for a file in the session folder that people write. With any other file (one that the worker writes, or one
 * elsewhere) the session would never resume, or resume at once, so a person has to resume it.
 */
function awaitedFile(worker: Worker, decision: ParkDecision): ParkDecision {
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
