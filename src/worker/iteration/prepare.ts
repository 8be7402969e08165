import { isSamocodeError } from '../../base/errors.ts';
import { PHASE_NAMES, type Phase } from '../../phases/table.ts';
import type { Worktree } from '../../project/worktrees/worktree.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { blockedBy } from '../core/blocked.ts';
import { isStopDue, stopEvents } from '../core/stopped.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { makeWorktree, type Ready } from './make-worktree.ts';
import { requireCheckPrograms } from './setup-once.ts';

/**
 * Does the work of the init phase: a fetch, the worktree on its branch, SETUP. No model is needed; what
 * a person must repair blocks the session with the reason.
 */
export async function prepare(worker: Worker): Promise<void> {
  try {
    // Beside the fetch and the worktree; whoever waits for it meets a failure of it.
    void worker.environment.read().catch(() => undefined);
    const ready = await makeWorktree(worker);
    // A stop that has its event already must not be followed by one that goes on.
    if (ready === undefined || isStopDue(worker)) {
      await record(worker, ...stopEvents(worker));
      return;
    }
    await requireCheckPrograms(worker, ready.worktree.path);
    await recordPrepared(worker, ready);
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    await record(worker, blockedBy(error, 'init'));
  }
}

async function recordPrepared(worker: Worker, { base, worktree, warnings: ofSetup }: Ready): Promise<void> {
  const { path, branch, baseCommit } = worktree;
  const reached = stateOf(worker).progress.phase;
  const phase = reached === 'init' ? 'investigation' : reached;
  const warnings = [
    ...(base.warning === undefined ? [] : [base.warning]),
    ...ofSetup,
    ...begunAnew(worktree, phase),
  ];
  await worker.git.accept(path);
  const prepared: NewEvent = {
    type: 'prepared',
    phase,
    worktree: { path, branch, base: base.name, baseCommit },
    warnings,
    flow: `Worktree ready: branch ${branch} from ${base.name} -> ${path}`,
  };
  await record(worker, prepared);
  for (const text of warnings) await record(worker, { type: 'notice', code: 'prepare', text });
}

/** A new branch from here on lacks what the overview tells of. */
function begunAnew({ kind, branch }: Worktree, phase: Phase): string[] {
  if (kind !== 'created' || PHASE_NAMES.indexOf(phase) <= PHASE_NAMES.indexOf('planning')) return [];
  return [`There was no branch ${branch}: it was created again, without the earlier work.`];
}
