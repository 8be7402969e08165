import { statSync } from 'node:fs';
import type { Clock } from '../../kernel/clock.ts';
import { orNothing } from '../../kernel/errors.ts';
import { fileIdentity } from '../../kernel/files/fingerprint.ts';
import { newWatcher, type WatchPath } from '../../kernel/files/watcher.ts';
import type { SessionPaths } from '../layout/paths.ts';
import { readEvents } from '../log/event-log.ts';
import { isFileError } from './read-session.ts';

interface Seen {
  paths: Pick<SessionPaths, 'events' | 'state'>;
  after: number;
}

export interface WaitOptions {
  timeoutMs: number;
  clock: Clock;
  signal?: AbortSignal;
}

/** Some acts wait for one event after the other. */
const WAIT_PACE = { spacingMs: 0, pollMs: 500 };

/**
 * Waits until one of the sessions has an event after the last one seen. An event recorded before this call counts too,
 * so nothing is lost between two calls.
 * @returns the indexes in `seen` of the sessions with new events; empty after the timeout
 * @throws the signal's reason when it is aborted
 */
export async function waitForEvents(seen: readonly Seen[], options: WaitOptions): Promise<number[]> {
  const files = seen.map(({ paths }) => paths.events);
  for await (const changed of watchFiles(async () => ({ files }), { ...options, ...WAIT_PACE })) {
    const found = await Promise.all(
      seen.map(({ paths, after }) => changed.includes(paths.events) && hasEvents(paths, after)),
    );
    const grown = found.flatMap((isGrown, index) => (isGrown ? [index] : []));
    if (grown.length > 0) return grown;
  }
  options.signal?.throwIfAborted();
  return [];
}

/** A log that cannot be read counts as unchanged, and the wait for the others continues. */
async function hasEvents(paths: Seen['paths'], after: number): Promise<boolean> {
  try {
    return (await readEvents(paths, after)).length > 0;
  } catch (error) {
    if (!isFileError(error)) throw error;
    return false;
  }
}

export interface Watched {
  files: readonly string[];
  /** A change in one of these can add files to watch. */
  folders?: readonly string[];
}

export interface WatchFilesOptions {
  clock: Clock;
  signal?: AbortSignal;
  /** Ends after this time, and a last poll. */
  timeoutMs?: number;
  /** Milliseconds between two polls: the minimum, and the maximum while no change is reported. */
  spacingMs?: number;
  pollMs?: number;
  watchPath?: WatchPath;
}

/** The poll interval if the system reports changes. */
const WATCHED_POLL_MS = 1000;
/** The poll interval if it does not: at the system's limits, for many files, or while a folder is missing. */
const UNWATCHED_POLL_MS = 100;
/** Bounds the cost of such polls. */
const UNWATCHED_POLL_MS_PER_FILE = 1;
/** The minimum between two polls, even for a file that is written constantly. */
const SPACING_MS = 40;

/**
 * Yields the files that were changed, replaced, created or removed; one item can combine several changes. The first
 * item lists all existing files; no change after it is missed. Ends when aborted, or after `timeoutMs`.
 * @param locate called at every poll, so that it can follow files that move
 */
export async function* watchFiles(
  locate: () => Promise<Watched>,
  options: WatchFilesOptions,
): AsyncGenerator<string[]> {
  const { clock, signal, timeoutMs = Number.POSITIVE_INFINITY, watchPath } = options;
  const { spacingMs = SPACING_MS, pollMs = WATCHED_POLL_MS } = options;
  const deadline = clock.monotonic() + timeoutMs;
  const watcher = newWatcher({ clock, watchPath });
  let known: ReadonlyMap<string, string> | undefined;
  let watched = await locate();
  try {
    for (;;) {
      const { files, folders = [] } = watched;
      const isReported = watcher.watch([...folders, ...files]);
      const now = idsOf(files);
      const changed = difference(known ?? new Map(), now);
      const isFirst = known === undefined;
      known = now;
      if (isFirst || changed.length > 0) yield changed;
      const left = deadline - clock.monotonic();
      if (left <= 0) return;
      await clock.sleep(Math.min(spacingMs, left), signal);
      const unwatchedMs = Math.max(UNWATCHED_POLL_MS, files.length * UNWATCHED_POLL_MS_PER_FILE);
      await watcher.wait(Math.min(isReported ? pollMs : unwatchedMs, left), signal);
      // A call that fails now (no more descriptors, say) might succeed at the next poll.
      watched = await locate().catch(() => watched);
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    watcher.close();
  }
}

function idsOf(files: readonly string[]): Map<string, string> {
  const found = files.flatMap((path) => {
    // A path that cannot be read (a link to itself, say) counts as missing.
    const stats = orNothing(() => statSync(path, { throwIfNoEntry: false }));
    return stats ? [[path, fileIdentity(stats)] as const] : [];
  });
  return new Map(found);
}

function difference(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string[] {
  const changed = [...now].filter(([path, id]) => before.get(path) !== id).map(([path]) => path);
  const gone = [...before.keys()].filter((path) => !now.has(path));
  return [...changed, ...gone];
}
