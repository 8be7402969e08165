import { stat } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { fileIdentity } from '../../base/files/fingerprint.ts';
import { newWatcher, type WatchPath } from '../../base/files/watcher.ts';
import { readEvents } from '../events/event-log.ts';
import type { SessionPaths } from '../layout/paths.ts';
import { isOfFiles } from '../status.ts';

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

export interface Watched {
  files: readonly string[];
  /** Where a change may mean that there are other files to watch. */
  folders?: readonly string[];
}

export interface WatchFilesOptions {
  clock: Clock;
  signal: AbortSignal;
  /** Milliseconds between two looks: at least, and at most while nothing is heard. */
  spacingMs?: number;
  lookMs?: number;
  watchPath?: WatchPath;
}

/** How often to look where changes are reported. */
const LOOK_MS = 1000;
/** How often where they are not: at the system's limits, or while a folder is missing. */
const BLIND_MS = 100;
/** Looks are no closer together than this, also at a file that is written all the time. */
const SPACING_MS = 40;

/**
 * Yields which files have changed, however they were replaced, and which have come or gone; several changes may be
 * one item. The first item is all files that there are: a change after it is never missed. Ends when aborted.
 * @param locate asked at every look, so that it can follow files that move
 */
export async function* watchFiles(
  locate: () => Promise<Watched>,
  { clock, signal, spacingMs = SPACING_MS, lookMs = LOOK_MS, watchPath }: WatchFilesOptions,
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
      await watcher.wait(isReported ? lookMs : BLIND_MS, signal);
      // What fails now (no more descriptors, say) may succeed at the next look.
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
      // What can't be looked at (a link to itself, say) is as good as not there.
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
