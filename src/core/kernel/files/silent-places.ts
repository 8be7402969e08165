import { stat } from 'node:fs/promises';
import { systemClock } from '../clock.ts';

/** Longer than any working disk needs: a lost network mount never responds. */
export const ANSWER_MS = 3000;

/** Places that have not responded yet. */
const silent = new Set<string>();

/**
 * Reads from a disk that may never respond: `silent` after 3 seconds, and at once while an earlier read of the same
 * place is still without an answer.
 */
export async function unlessSilent<T>(place: string, read: () => Promise<T>): Promise<T | 'silent'> {
  if (silent.has(place)) return 'silent';
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

/** Each read without an answer holds one of the four threads with which Node reads files. */
const MAX_SILENT = 2;

/**
 * Those of these places whose disks respond, whether or not they exist there. While two places are silent, the rest is
 * not looked at.
 */
export async function respondingOf(places: readonly string[]): Promise<Set<string>> {
  const responding = new Set<string>();
  const queue = [...new Set(places)];
  const probe = async () => {
    for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
      if (silent.size >= MAX_SILENT) return;
      const looked = await unlessSilent(place, () => stat(place).catch(() => undefined));
      if (looked !== 'silent') responding.add(place);
    }
  };
  await Promise.all(Array.from({ length: MAX_SILENT }, probe));
  return responding;
}
