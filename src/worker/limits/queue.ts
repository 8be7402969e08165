import { isContinuedBy } from '../../session/continued-by.ts';
import { isLost, readSessionList } from '../../session/session-list.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { daySpent } from './day-limit.ts';

/**
 * Takes a slot for the next agent. @returns why it has to queue, in words for people; undefined when it has its slot.
 * One that works keeps its slot from agent to agent, but no agent begins above the limit of a day.
 */
export async function queueReason(worker: Worker): Promise<string | undefined> {
  const { slots, file } = worker;
  const spent = await daySpent(worker);
  if (spent !== undefined) {
    await slots.leave();
    return spent;
  }
  if (slots.isHeld) return undefined;
  if (await isBehindOthers(worker)) return 'older sessions of the project have priority';
  switch (await slots.take()) {
    case 'taken':
      // The turn is used up: after a wait the session queues behind older ones again.
      worker.wake.admitted = false;
      return undefined;
    case 'project_full':
      return `all ${file.settings.maxParallel} slots of MAX_PARALLEL are in use`;
    case 'machine_full':
      return 'all slots of MAX_PARALLEL_ON_MACHINE are in use';
  }
}

/**
 * No session overtakes an older one of the project: the supervisor decides whose turn it is. Where none runs, the first
 * that comes takes the slot. An older one that can have no turn is waited for by none.
 */
async function isBehindOthers(worker: Worker): Promise<boolean> {
  const { wake, file, paths, host, watch } = worker;
  if (wake.admitted || file.settings.maxParallel === undefined || !(await watch.isThere())) return false;
  const own = stateOf(worker).createdAt ?? file.createdAt;
  const others = await readSessionList(paths.sessionsDir, host);
  return others.some(
    (view) =>
      view.folder !== paths.folder &&
      view.state.status.kind === 'queued' &&
      (view.state.createdAt ?? '') < own &&
      view.worker !== 'unknowable' &&
      !isLost(view) &&
      isContinuedBy(view.lease, watch.identity),
  );
}
