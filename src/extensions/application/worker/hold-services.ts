import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { isInterrupted } from '../../../core/worker/commands/while-taking-commands.ts';
import { notedAsUnclear, wakeNow } from '../../../core/worker/loop/rest.ts';
import { joinEnvironment } from '../../../core/worker/state/environment.ts';
import { requireLease } from '../../../core/worker/state/processes.ts';
import { record, stateOf, type Worker } from '../../../core/worker/state/worker.ts';

/** A command ends the wait at once. */
const LOOK_MS = 2000;
const HOLD_LIMIT_MS = 4 * 60 * 60_000;

interface Held {
  isRunning: boolean;
  /** Why they do not run. */
  problem: string | undefined;
  startBeside(when: 'a person'): void;
  end(): Promise<void>;
}

/** Keeps the services up while the session rests: one look at what could end that. */
export async function holdServices(worker: Worker, services: Held): Promise<undefined> {
  await worker.slots.leave();
  if (!services.isRunning && services.problem === undefined) {
    await joinEnvironment(worker);
    services.startBeside('a person');
  }
  const why = await whyOver(worker, services);
  if (why === undefined) {
    await requireLease(worker);
    await isInterrupted(worker, LOOK_MS);
    return;
  }
  await services.end();
  await record(worker, { type: 'services_wanted', by: { channel: 'settings' }, want: 'down', why });
}

async function whyOver(worker: Worker, { problem }: Held): Promise<string | undefined> {
  const { servicesUp, status } = stateOf(worker);
  if (problem !== undefined) return `Services ended: ${problem}`;
  const heldMs = worker.clock.now() - Date.parse(servicesUp?.since ?? '');
  if (!(heldMs < HOLD_LIMIT_MS)) return 'Services ended after four hours';
  const waits = status.kind === 'waiting' || status.kind === 'blocked';
  // The supervisor wakes the session once this worker has left.
  return waits && (await canContinue(worker))
    ? 'Services ended, because the session can continue'
    : undefined;
}

async function canContinue(worker: Worker): Promise<boolean> {
  // A person may still be typing.
  const restedMs = () => worker.clock.now() - (statsAt(worker.paths.qa)?.mtimeMs ?? 0);
  const wake = await wakeNow(worker, { restedMs });
  if (wake.kind !== 'answers') return wake.kind !== 'not_yet';
  return !(await notedAsUnclear(worker, wake));
}
