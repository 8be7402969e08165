import { newWatcher, type Watcher } from '../../kernel/files/watcher.ts';
import { isStopDue, Stopped } from '../state/interrupts.ts';
import { ifTaken } from '../state/passing-errors.ts';
import { requireLease } from '../state/processes.ts';
import type { Worker } from '../state/worker.ts';
import { takeCommandsMeanwhile, waitingCommandIds } from './take-commands.ts';

/** How often to look for commands and at the lease: where the file system reports changes, and where it does not. */
const WATCHED_MS = 1000;
const UNWATCHED_MS = 200;

/** Waits at most this long for a command, or for `wake`. */
async function waitForCommand({ memory, clock, paths }: Worker, ms: number): Promise<void> {
  const watcher = watcherOf({ memory, clock });
  const everyMs = watcher.watch([paths.commands]) ? WATCHED_MS : UNWATCHED_MS;
  await watcher.wait(Math.min(everyMs, ms));
}

/** The one watcher of a worker: it takes time to open. */
export function watcherOf({ memory, clock }: Pick<Worker, 'memory' | 'clock'>): Watcher {
  memory.watcher ??= newWatcher({ clock });
  return memory.watcher;
}

/** Waits for a time. @returns whether a command arrived first */
export async function isInterrupted(worker: Worker, ms: number): Promise<boolean> {
  // Whatever was seen before it can have changed.
  worker.memory.seen = undefined;
  const { clock } = worker;
  const untilMs = clock.monotonic() + ms;
  while ((await waitingCommandIds(worker)).length === 0) {
    const leftMs = untilMs - clock.monotonic();
    if (leftMs <= 0) return false;
    await waitForCommand(worker, leftMs);
  }
  return true;
}

/**
 * Runs a long operation that records nothing, and takes commands in the meantime.
 * @throws Stopped when the session should stop now: `act` is aborted, and any error of it after that counts as this
 */
export async function whileTakingCommands<T>(
  worker: Worker,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (isStopDue(worker)) throw new Stopped();
  worker.memory.seen = undefined;
  const stop = new AbortController();
  let isOver = false;
  const ended = act(stop.signal).finally(() => {
    isOver = true;
    watcherOf(worker).wake();
  });
  // `act` might fail while commands are taken.
  const over = ended.catch(() => undefined);
  try {
    while (!isOver && !stop.signal.aborted) {
      await requireLease(worker);
      await ifTaken(takeCommandsMeanwhile(worker));
      if (isStopDue(worker)) stop.abort();
      else if (!isOver) await waitForCommand(worker, WATCHED_MS);
    }
    return await ended;
  } catch (error) {
    if (stop.signal.aborted) throw new Stopped();
    stop.abort();
    await over;
    throw error;
  }
}
