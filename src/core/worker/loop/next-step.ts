import type { SessionState } from '../../session/events/state.ts';
import { joinEnvironment } from '../core/children-environment.ts';
import { stoppedEvent } from '../core/stopped.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { FORGE_LOGIN, SANDBOX_LOWER } from '../guarding/check-sandbox-level.ts';
import { prepare } from '../iteration/prepare.ts';
import { runIteration } from '../iteration/run-iteration.ts';
import { queueReason } from '../limits/queue.ts';
import { nextIteration } from './next-iteration.ts';
import { waitsOut, wokenByHand } from './parked.ts';
import { orderStep, ownOrder } from './start-order.ts';

const NEED_ANOTHER_ENVIRONMENT = new Set([
  ...[
    'credentials_changed',
    'checks',
    'base_checks',
    'cli_fails',
    'clone_failed',
    'not_logged_in',
    'setup_not_found',
    'guard_failed',
  ],
  SANDBOX_LOWER,
  FORGE_LOGIN,
]);

/** Does the next step that the state requires. @returns why the worker leaves; undefined if there is more to do */
export async function nextStep(worker: Worker): Promise<string | undefined> {
  const state = stateOf(worker);
  const { stopWanted } = state;
  if (stopWanted === undefined || !mayStop(state)) return await stepOf(worker, state);
  await record(worker, stoppedEvent(stopWanted.by));
  return undefined;
}

/** Whether nothing is in progress that must be completed first; a blocked session stays blocked. */
function mayStop({ status, prepared, openIteration }: SessionState): boolean {
  if (status.kind === 'running') return prepared && openIteration === undefined;
  return status.kind === 'queued' || status.kind === 'waiting' || status.kind === 'limited';
}

async function stepOf(worker: Worker, state: SessionState): Promise<string | undefined> {
  const { status, prepared, openIteration } = state;
  if (state.createdAt === undefined) return 'nothing to do';
  const order = ownOrder(worker);
  if (order !== undefined && status.kind !== 'waiting') return await orderStep(worker, order);
  switch (status.kind) {
    case 'starting':
    case 'running':
      if (!prepared) {
        await prepare(worker);
      } else if (openIteration !== undefined) {
        // The slot was freed by the worker's end or by a block. The agent may be running, so do not wait for a slot.
        await worker.slots.take().catch(() => false);
        await runIteration(worker);
      } else if (!state.runWanted && state.lastIteration === undefined) {
        await record(worker, { type: 'stopped', by: { channel: 'settings' }, why: 'started without a run' });
      } else {
        // Not earlier: a living agent must be watched without waiting for the environment.
        await joinEnvironment(worker);
        await nextIteration(worker);
      }
      return undefined;
    case 'queued':
      if ((await queueReason(worker)) !== undefined) return 'queued';
      await record(worker, { type: 'went_on', why: 'slot_free' });
      return undefined;
    case 'waiting':
    case 'limited':
    case 'blocked':
      await worker.slots.leave();
      if (status.kind === 'limited') return (await waitsOut(worker, status)) ? undefined : 'limited';
      // A resume starts a worker with the intended environment.
      if (needsAnotherEnvironment(state)) return 'another environment is needed';
      return (await wokenByHand(worker)) ? undefined : status.kind;
    case 'stopped':
    case 'done':
      return status.kind;
    default:
      return status satisfies never;
  }
}

function needsAnotherEnvironment({ status, openIteration }: SessionState): boolean {
  return (
    status.kind === 'blocked' && openIteration === undefined && NEED_ANOTHER_ENVIRONMENT.has(status.rule)
  );
}
