import { workNow } from '../../session/events/open-work.ts';
import type { SessionState } from '../../session/events/state.ts';
import { waitingCommandIds } from '../commands/take-commands.ts';
import { joinEnvironment } from '../core/children-environment.ts';
import { requireLease } from '../core/lost-lease.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { dueNow } from './start-order.ts';

const POLL_MS = 500;
const HOLD_LIMIT_MS = 4 * 60 * 60_000;
const RESTS: readonly SessionState['status']['kind'][] = ['waiting', 'blocked', 'stopped', 'done'];

/** Whether services run for a person. */
export function areHeld(worker: Worker): boolean {
  const state = stateOf(worker);
  return state.servicesUp !== undefined && RESTS.includes(state.status.kind) && workNow(state) === undefined;
}

/** Keeps the services up while the session rests: one look at what could end that. */
export async function holdServices(worker: Worker): Promise<undefined> {
  await worker.slots.leave();
  if (!worker.application.isRunning && worker.application.problem === undefined) {
    await joinEnvironment(worker);
    worker.application.startBeside(worker, 'a person');
  }
  const why = await whyOver(worker);
  if (why !== undefined) await down(worker, why);
  else await untilCommand(worker);
}

async function down(worker: Worker, why: string): Promise<void> {
  await worker.application.end();
  await record(worker, { type: 'services_wanted', by: { channel: 'settings' }, want: 'down', why });
}

async function whyOver(worker: Worker): Promise<string | undefined> {
  const { servicesUp, status } = stateOf(worker);
  const { problem } = worker.application;
  if (problem !== undefined) return `Services ended: ${problem}`;
  const heldMs = worker.clock.now() - Date.parse(servicesUp?.since ?? '');
  if (!(heldMs < HOLD_LIMIT_MS)) return 'Services ended after four hours';
  const waits = status.kind === 'waiting' || status.kind === 'blocked';
  // The supervisor wakes the session once this worker has left.
  return waits && (await dueNow(worker)).kind !== 'not_yet'
    ? 'Services ended, because the session can continue'
    : undefined;
}

async function untilCommand(worker: Worker): Promise<void> {
  await requireLease(worker);
  if ((await waitingCommandIds(worker)).length === 0) await worker.clock.sleep(POLL_MS);
}
