import { requireLease } from '../core/lost-lease.ts';
import { ifTaken } from '../core/passing-errors.ts';
import { isStopDue, Stopped } from '../core/stopped.ts';
import type { Worker } from '../core/worker.ts';
import { takeCommandsMeanwhile } from './take-commands.ts';

const POLL_MS = 200;

/**
 * Runs a long operation that records nothing, and takes commands in the meantime.
 * @throws Stopped when the session should stop now: `act` is aborted, and any error of it after that counts as this
 */
export async function whileTakingCommands<T>(
  worker: Worker,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (isStopDue(worker)) throw new Stopped();
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
    return await ended;
  } catch (error) {
    if (stop.signal.aborted) throw new Stopped();
    stop.abort();
    await over;
    throw error;
  }
}
