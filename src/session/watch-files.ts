import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { fileId } from '../base/plain-file.ts';
import { newBell } from './bell.ts';
import { newFolderEars, type Wanted, type WatchFolder } from './folder-ears.ts';

/** What is watched at one moment; most important first, for only so many folders are listened to. */
export interface Watched {
  files: readonly string[];
  /** Folders in which a change may mean that there are other files to watch. */
  folders?: readonly string[];
}

export interface WatchFilesOptions {
  clock: Clock;
  signal: AbortSignal;
  /** Milliseconds between two looks: at least, and at most while nothing is heard. */
  spacingMs?: number;
  lookMs?: number;
  /** The system's way to watch a folder; tests give one that fails. */
  watchFolder?: WatchFolder;
}

/** How often to look where the system tells of changes; it may lose some, on network disks above all. */
const LOOK_MS = 1000;
/** How often where it does not: at its limits, or while a folder is not there. */
const POLL_MS = 100;
/** Looks are no closer together than this, also at a file that is written all the time. */
const SPACING_MS = 40;

/**
 * Tells which files have changed, however they were replaced, and which have come or gone; several changes
 * may be told as one. The first answer, all files that there are, comes when watching has begun: a change
 * after it is never missed. Ends when aborted.
 * @param locate asked at every look, so that it can follow files that move
 */
export async function* watchFiles(
  locate: () => Promise<Watched>,
  { clock, signal, spacingMs = SPACING_MS, lookMs = LOOK_MS, watchFolder }: WatchFilesOptions,
): AsyncGenerator<string[]> {
  const bell = newBell();
  const ears = newFolderEars(bell.ring, watchFolder);
  let known: ReadonlyMap<string, string> | undefined;
  let watched = await locate();
  try {
    for (;;) {
      const { files, folders = [] } = watched;
      // Listening begins before the look, so that nothing falls between the two.
      const hearsAll = await ears.listen(wantedBy(files, folders));
      const now = await idsOf(files);
      const changed = difference(known ?? new Map(), now);
      const isFirst = known === undefined;
      known = now;
      if (isFirst || changed.length > 0) yield changed;
      await clock.sleep(spacingMs, signal);
      await bell.wait(hearsAll ? lookMs : POLL_MS, { clock, signal });
      // What fails now (no more descriptors, say) may succeed at the next look.
      watched = await locate().catch(() => watched);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    ears.close();
  }
}

function wantedBy(files: readonly string[], folders: readonly string[]): Wanted {
  const wanted = new Map<string, Set<string> | undefined>(folders.map((folder) => [folder, undefined]));
  for (const path of files) {
    const folder = dirname(path);
    const names = wanted.get(folder);
    if (names) names.add(basename(path));
    else if (!wanted.has(folder)) wanted.set(folder, new Set([basename(path)]));
  }
  return wanted;
}

async function idsOf(files: readonly string[]): Promise<Map<string, string>> {
  const found = await Promise.all(
    files.map(async (path) => {
      // What can't be looked at (a link to itself, say) is as good as not there.
      const stats = await stat(path).catch(() => undefined);
      return stats ? [[path, fileId(stats)] as const] : [];
    }),
  );
  return new Map(found.flat());
}

function difference(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string[] {
  const changed = [...now].filter(([path, id]) => before.get(path) !== id).map(([path]) => path);
  const gone = [...before.keys()].filter((path) => !now.has(path));
  return [...changed, ...gone];
}
