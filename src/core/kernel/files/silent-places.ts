import { stat } from 'node:fs/promises';
import { systemClock } from '../clock.ts';

/** Longer than any working disk needs: a lost network mount never responds. */
export const ANSWER_MS = 3000;

/** Each read without an answer holds one of the four threads with which Node reads files. */
const MAX_SILENT = 2;

/** Places that have not responded yet. */
const silent = new Set<string>();

/**
 * Reads from a disk that may never respond: `silent` after 3 seconds, and at once while an earlier read of the same
 * place, or of two others, is still without an answer.
 */
export async function unlessSilent<T>(place: string, read: () => Promise<T>): Promise<T | 'silent'> {
  if (silent.has(place) || silent.size >= MAX_SILENT) return 'silent';
  const answered = new AbortController();
  const late = systemClock
    .sleep(ANSWER_MS, answered.signal)
    // If this process was suspended or busy, the response may be there already, but timers run before it is
    // processed.
    .then(() => systemClock.sleep(1, answered.signal))
    .then(
      () => silent.add(place),
      () => undefined,
    );
  const answer = read().finally(() => silent.delete(place));
  const first = await Promise.race([answer, late.then(() => 'silent' as const)]).finally(() =>
    answered.abort(),
  );
  // A late failure must not become an unhandled rejection.
  if (first === 'silent') answer.catch(() => undefined);
  return first;
}

/** Those of these places whose disks respond, whether or not they exist there. */
export async function respondingOf(places: readonly string[]): Promise<Set<string>> {
  const responding = new Set<string>();
  const queue = [...new Set(places)];
  const probe = async () => {
    for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
      const looked = await unlessSilent(place, () => stat(place).catch(() => undefined));
      if (looked !== 'silent') responding.add(place);
    }
  };
  await Promise.all(Array.from({ length: MAX_SILENT }, probe));
  return responding;
}
