import { isSamocodeError } from '../../base/errors.ts';
import { PHASE_NAMES, type Phase } from '../../phases/table.ts';
import type { Worktree } from '../../project/worktrees/worktree.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { blockedBy } from '../core/blocked.ts';
import { isStopDue, stopEvents } from '../core/stopped.ts';
import { record, type Worker } from '../core/worker.ts';
import { WORKER_ERRORS } from '../core/worker-errors.ts';
import { gateEvents, type Standing, standing } from '../recording/adopted-gate.ts';
import { newGoal } from '../recording/new-goal.ts';
import { makeWorktree, type Ready } from './make-worktree.ts';
import { requireCheckPrograms } from './setup-once.ts';

/**
 * Does the work of the init phase: a fetch, the worktree on its branch, SETUP; of an adopted folder behind a gate
 * only after a person has decided there. No model is needed; what
 * a person must repair blocks the session with the reason.
 */
export async function prepare(worker: Worker): Promise<void> {
  try {
    const where = await standing(worker);
    if ('question' in where) throw WORKER_ERRORS.phase_unknown({ question: where.question });
    const gate = await gateEvents(worker, where);
    if (gate.length > 0) {
      const { gate: _met, ...place } = where;
      const flow = `Taken over in ${where.phase}`;
      await record(worker, { type: 'prepared', ...place, warnings: [], flow }, ...gate);
      return;
    }
    // Beside the fetch and the worktree; whoever waits for it meets a failure of it.
    void worker.environment.read().catch(() => undefined);
    const ready = await makeWorktree(worker);
    // A stop that has its event already must not be followed by one that goes on.
    if (ready === undefined || isStopDue(worker)) {
      await record(worker, ...stopEvents(worker));
      return;
    }
    await requireCheckPrograms(worker, ready.worktree.path);
    await recordPrepared(worker, ready, where);
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    await record(worker, blockedBy(error, 'init'));
  }
}

async function recordPrepared(
  worker: Worker,
  { base, worktree, warnings: ofSetup }: Ready,
  where: Standing,
): Promise<void> {
  const { path, branch, baseCommit } = worktree;
  const warnings = [
    ...(base.warning === undefined ? [] : [base.warning]),
    ...ofSetup,
    ...begunAnew(worktree, where.phase),
  ];
  await worker.git.accept(path);
  const goal = await goalOfAdopted(worker);
  const prepared: NewEvent = {
    type: 'prepared',
    phase: where.phase,
    totalIterations: where.totalIterations,
    worktree: { path, branch, base: base.name, baseCommit },
    warnings,
    flow: `Worktree ready: branch ${branch} from ${base.name} -> ${path}`,
  };
  await record(worker, prepared, ...goal);
  for (const text of warnings) await record(worker, { type: 'notice', code: 'prepare', text });
}

/** A new branch from here on lacks what the overview tells of. */
function begunAnew({ kind, branch }: Worktree, phase: Phase): string[] {
  if (kind !== 'created' || PHASE_NAMES.indexOf(phase) <= PHASE_NAMES.indexOf('planning')) return [];
  return [`There was no branch ${branch}: it was created again, without the earlier work.`];
}

/** The new work for which a done folder was taken over. */
async function goalOfAdopted(worker: Worker): Promise<NewEvent[]> {
  const { file, paths } = worker;
  if (file.goal === undefined) return [];
  const accepted = (await readEvents(paths.events, 0)).find(({ type }) => type === 'command_accepted');
  const by: By = accepted?.type === 'command_accepted' ? accepted.by : { channel: 'settings' };
  return [await newGoal(worker, file.goal, { by })];
}
