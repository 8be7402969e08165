import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { ifExists } from '../base/errors.ts';
import { fileId } from '../base/plain-file.ts';
import { readEvents } from './event-log.ts';
import type { SessionPaths } from './paths.ts';

/** A session and the number of the last event that its reader has seen. */
export interface Seen {
  paths: Pick<SessionPaths, 'events' | 'runDir'>;
  after: number;
}

export interface WaitOptions {
  timeoutMs: number;
  clock: Clock;
  signal?: AbortSignal;
  /** How often to look without being told: file watching fails on network disks and at the system's limits. */
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
  const { clock, timeoutMs, pollMs = POLL_MS } = options;
  const deadline = clock.monotonic() + timeoutMs;
  const bell = newBell();
  // Watching begins before the first look, so that nothing falls between the two.
  const watchers = seen.map(({ paths }) => watchFolder(paths.runDir, bell.ring));
  const sizes: (number | undefined)[] = seen.map(() => undefined);
  try {
    for (;;) {
      const grown = await lookFor(seen, sizes);
      const left = deadline - clock.monotonic();
      if (grown.length > 0 || left <= 0) return grown;
      await bell.wait(Math.min(left, pollMs), options);
    }
  } finally {
    for (const watcher of watchers) watcher?.close();
  }
}

async function lookFor(seen: readonly Seen[], sizes: (number | undefined)[]): Promise<number[]> {
  const grown = await Promise.all(
    seen.map(async ({ paths, after }, index) => {
      const size = (await ifExists(stat(paths.events)))?.size ?? 0;
      if (size === sizes[index]) return false;
      sizes[index] = size;
      return (await readEvents(paths.events, after)).length > 0;
    }),
  );
  return grown.flatMap((isGrown, index) => (isGrown ? [index] : []));
}

function watchFolder(folder: string, ring: () => void): FSWatcher | undefined {
  try {
    // A folder that is removed, or a system out of watches: the slow look remains.
    return watch(folder, { persistent: false }, ring).on('error', () => {});
  } catch {
    return undefined;
  }
}

/**
 * Tells of every change of a file, however it is replaced, and of its coming and going; several at once
 * may be told as one. Ends when aborted.
 */
export async function* watchFile(
  path: string,
  { clock, signal, pollMs = POLL_MS }: { clock: Clock; signal: AbortSignal; pollMs?: number },
): AsyncGenerator<void> {
  const bell = newBell();
  const watcher = watchFolder(dirname(path), bell.ring);
  try {
    for (let known = await idOf(path); ; ) {
      await bell.wait(pollMs, { clock, signal });
      const now = await idOf(path);
      if (now === known) continue;
      known = now;
      yield;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    watcher?.close();
  }
}

async function idOf(path: string): Promise<string | undefined> {
  const stats = await ifExists(stat(path));
  return stats && fileId(stats);
}

/** Wakes a sleeper; a ring while nobody sleeps wakes the next one at once. */
function newBell() {
  let rung = false;
  let wake: (() => void) | undefined;
  const ring = () => {
    rung = true;
    wake?.();
  };
  async function wait(ms: number, { clock, signal }: Pick<WaitOptions, 'clock' | 'signal'>): Promise<void> {
    signal?.throwIfAborted();
    if (!rung) {
      const awake = new AbortController();
      wake = () => awake.abort(awake);
      const ends = signal ? AbortSignal.any([signal, awake.signal]) : awake.signal;
      await clock.sleep(ms, ends).catch((error) => {
        if (error !== awake) throw error;
      });
      wake = undefined;
    }
    rung = false;
  }
  return { ring, wait };
}
