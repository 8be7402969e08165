import { requireLease } from '../core/lost-lease.ts';
import { ifTaken } from '../core/passing-errors.ts';
import { isStopDue } from '../core/stopped.ts';
import type { Worker } from '../core/worker.ts';
import { takeCommandsMeanwhile } from './take-commands.ts';

const POLL_MS = 200;

/** `stopped`: aborted because the session should stop now. */
export type MeanwhileEnd<T> = { kind: 'done'; value: T } | { kind: 'stopped' };

/**
 * Runs a long operation that records nothing, and takes commands in the meantime. Any error of `act` after its signal
 * is aborted counts as stopped.
 */
export async function whileTakingCommands<T>(
  worker: Worker,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<MeanwhileEnd<T>> {
  if (isStopDue(worker)) return { kind: 'stopped' };
  const stop = new AbortController();
  const ended = act(stop.signal);
  // Handlers are attached at once, because `act` might fail while commands are taken.
  const over = ended.then(
    () => true,
    () => true,
  );
  try {
    do {
      await requireLease(worker);
      await ifTaken(takeCommandsMeanwhile(worker));
      if (isStopDue(worker)) stop.abort();
    } while (!stop.signal.aborted && !(await Promise.race([over, worker.clock.sleep(POLL_MS)])));
    return { kind: 'done', value: await ended };
  } catch (error) {
    if (stop.signal.aborted) return { kind: 'stopped' };
    stop.abort();
    await over;
    throw error;
  }
}

/** What has to succeed before the next one; false: it recorded why not, or was stopped. */
export type WorkerStep = (worker: Worker) => Promise<boolean>;

/** @returns false once a step is false, or a stop was taken just as one ended */
export async function inOrder(worker: Worker, steps: readonly WorkerStep[]): Promise<boolean> {
  for (const step of steps) if (!(await step(worker)) || isStopDue(worker)) return false;
  return true;
}
