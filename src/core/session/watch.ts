import { stat } from 'node:fs/promises';
import type { Clock } from '../kernel/clock.ts';
import { fileIdentity } from '../kernel/files/fingerprint.ts';
import { newWatcher, type WatchPath } from '../kernel/files/watcher.ts';
import { readEvents } from './events/event-log.ts';
import type { SessionPaths } from './layout/paths.ts';
import { isFileError } from './status.ts';

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
 * Waits until one of the sessions has an event after the last one seen. An event recorded before this call counts too,
 * so nothing is lost between two calls.
 * @returns the indexes in `seen` of the sessions with new events; empty after the timeout
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
      const grown = await findGrown(seen, sizes);
      const left = deadline - clock.monotonic();
      if (grown.length > 0 || left <= 0) return grown;
      await watcher.wait(Math.min(left, pollMs), signal);
    }
  } finally {
    watcher.close();
  }
}

/** A log that cannot be read counts as unchanged, and the wait for the others continues. */
function ignoreFileError(error: unknown): undefined {
  if (!isFileError(error)) throw error;
}

async function findGrown(seen: readonly Seen[], sizes: (number | undefined)[]): Promise<number[]> {
  const grown = await Promise.all(
    seen.map(async ({ paths, after }, index) => {
      const size = (await stat(paths.events).catch(ignoreFileError))?.size ?? 0;
      if (size === sizes[index]) return false;
      sizes[index] = size;
      return ((await readEvents(paths, after).catch(ignoreFileError)) ?? []).length > 0;
    }),
  );
  return grown.flatMap((isGrown, index) => (isGrown ? [index] : []));
}

export interface Watched {
  files: readonly string[];
  /** A change in one of these can add files to watch. */
  folders?: readonly string[];
}

export interface WatchFilesOptions {
  clock: Clock;
  signal: AbortSignal;
  /** Milliseconds between two polls: the minimum, and the maximum while no change is reported. */
  spacingMs?: number;
  pollMs?: number;
  watchPath?: WatchPath;
}

/** The poll interval if the system reports changes. */
const WATCHED_POLL_MS = 1000;
/** The poll interval if it does not: at the system's limits, or while a folder is missing. */
const UNWATCHED_POLL_MS = 100;
/** The minimum between two polls, even for a file that is written constantly. */
const SPACING_MS = 40;

/**
 * Yields the files that were changed, replaced, created or removed; one item can combine several changes. The first
 * item lists all existing files; no change after it is missed. Ends when aborted.
 * @param locate called at every poll, so that it can follow files that move
 */
export async function* watchFiles(
  locate: () => Promise<Watched>,
  { clock, signal, spacingMs = SPACING_MS, pollMs = WATCHED_POLL_MS, watchPath }: WatchFilesOptions,
): AsyncGenerator<string[]> {
  const watcher = newWatcher({ clock, watchPath });
  let known: ReadonlyMap<string, string> | undefined;
  let watched = await locate();
  try {
    for (;;) {
      const { files, folders = [] } = watched;
      const isReported = watcher.watch([...folders, ...files]);
      const now = await idsOf(files);
      const changed = difference(known ?? new Map(), now);
      const isFirst = known === undefined;
      known = now;
      if (isFirst || changed.length > 0) yield changed;
      await clock.sleep(spacingMs, signal);
      await watcher.wait(isReported ? pollMs : UNWATCHED_POLL_MS, signal);
      // A call that fails now (no more descriptors, say) might succeed at the next poll.
      watched = await locate().catch(() => watched);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    watcher.close();
  }
}

async function idsOf(files: readonly string[]): Promise<Map<string, string>> {
  const found = await Promise.all(
    files.map(async (path) => {
      // A path that cannot be read (a link to itself, say) counts as missing.
      const stats = await stat(path).catch(() => undefined);
      return stats ? [[path, fileIdentity(stats)] as const] : [];
    }),
  );
  return new Map(found.flat());
}

function difference(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string[] {
  const changed = [...now].filter(([path, id]) => before.get(path) !== id).map(([path]) => path);
  const gone = [...before.keys()].filter((path) => !now.has(path));
  return [...changed, ...gone];
}
