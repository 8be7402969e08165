import { stat } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { fileIdentity } from '../../base/files/fingerprint.ts';
import { newWatcher, type WatchPath } from '../../base/files/watcher.ts';

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
const POLL_MS = 100;
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
      await watcher.wait(isReported ? lookMs : POLL_MS, signal);
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
