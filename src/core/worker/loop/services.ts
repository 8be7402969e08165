import { statsAt } from '../../kernel/files/path-stats.ts';
import { isInterrupted, whileTakingCommands } from '../commands/while-taking-commands.ts';
import { joinEnvironment } from '../state/environment.ts';
import { requireLease } from '../state/processes.ts';
import type { SessionServices } from '../state/session-services.ts';
import { provingOf, record, stateOf, type Worker } from '../state/worker.ts';
import { notedAsUnclear, wakeNow } from './rest.ts';

/** A command ends the wait at once. */
const LOOK_MS = 2000;
const HOLD_LIMIT_MS = 4 * 60 * 60_000;

/** Starts the services before the prompt is made, which names what failed. @throws port_taken */
export async function servicesForAgent(worker: Worker): Promise<void> {
  const { services } = worker;
  const { phase } = stateOf(worker).progress;
  if (services === undefined || !provingOf(worker).application?.in.includes(phase)) return;
  const failed = await whileTakingCommands(worker, (signal) => services.start(phase, { signal }));
  await services.recordFailed(failed);
}

/** Keeps the services up while the session rests: one look at what could end that. */
export async function holdServices(worker: Worker, services: SessionServices): Promise<undefined> {
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

async function whyOver(worker: Worker, { problem }: SessionServices): Promise<string | undefined> {
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
