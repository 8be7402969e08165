import { growingDelay } from '../../phases/outage.ts';
import { waitingCommandIds } from '../commands/take-commands.ts';
import { stateOf, type Worker } from '../core/worker.ts';

const POLL_MS = 200;

/** Waits before the next spawn when the last one failed: longer each time, with jitter. @returns false when a command came */
export async function backOff(worker: Worker): Promise<boolean> {
  const { backoff, progress, outage } = stateOf(worker);
  if (!backoff) return true;
  const { retryDelayMs } = worker.file.settings;
  const growing = growingDelay(Math.max(progress.strikes.failures, outage?.tries ?? 0), retryDelayMs);
  const waitMs = growing * (1 + Math.random() / 4);
  const begun = worker.clock.monotonic();
  while (worker.clock.monotonic() - begun < waitMs) {
    if ((await waitingCommandIds(worker)).length > 0) return false;
    await worker.clock.sleep(Math.min(POLL_MS, waitMs));
  }
  return true;
}
