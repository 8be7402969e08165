import { stat } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { newWatcher } from '../../base/files/watcher.ts';
import { readEvents } from '../events/event-log.ts';
import type { SessionPaths } from '../layout/paths.ts';
import { isOfFiles } from '../status.ts';

/** A session and the number of the last event that its reader has seen. */
interface Seen {
  paths: Pick<SessionPaths, 'events' | 'state'>;
  after: number;
}

export interface WaitOptions {
  timeoutMs: number;
  clock: Clock;
  signal?: AbortSignal;
  pollMs?: number;
}

const POLL_MS = 500;

/**
 * Waits until one of the sessions has an event behind the one that was seen, also one that came before
 * this call: with the last number seen, nothing is lost between two calls.
 * @returns the positions in `seen` of those that have; empty when the time is over
 * @throws the signal's reason when it is aborted
 */
export async function waitForEvents(seen: readonly Seen[], options: WaitOptions): Promise<number[]> {
  const { clock, timeoutMs, signal, pollMs = POLL_MS } = options;
  const deadline = clock.monotonic() + timeoutMs;
  const watcher = newWatcher({ clock });
  const sizes: (number | undefined)[] = seen.map(() => undefined);
  try {
    for (;;) {
      watcher.watch(seen.map(({ paths }) => paths.events));
      const grown = await lookFor(seen, sizes);
      const left = deadline - clock.monotonic();
      if (grown.length > 0 || left <= 0) return grown;
      await watcher.wait(Math.min(left, pollMs), signal);
    }
  } finally {
    watcher.close();
  }
}

/** A log that may not be read tells of nothing, and the others are waited for. */
function nothingOf(error: unknown): undefined {
  if (!isOfFiles(error)) throw error;
}

async function lookFor(seen: readonly Seen[], sizes: (number | undefined)[]): Promise<number[]> {
  const grown = await Promise.all(
    seen.map(async ({ paths, after }, index) => {
      const size = (await stat(paths.events).catch(nothingOf))?.size ?? 0;
      if (size === sizes[index]) return false;
      sizes[index] = size;
      return ((await readEvents(paths, after).catch(nothingOf)) ?? []).length > 0;
    }),
  );
  return grown.flatMap((isGrown, index) => (isGrown ? [index] : []));
}
