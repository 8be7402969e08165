import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type ChokidarOptions, type FSWatcher, watch as watchPath } from 'chokidar';
import type { Clock } from '../clock.ts';

/**
 * Reports changes of files and folders, as far as the system does. It may miss some, on network disks above all, so
 * its user looks from time to time as well.
 */
export interface Watcher {
  /**
   * Watches these files, those still to come included, and the entries of these folders; and nothing else. What was
   * replaced since the last call is watched anew.
   * @returns false where changes of one of them are not reported: it must be looked at often
   */
  watch(paths: Iterable<string>): boolean;
  /** Ends at a change, one since the last wait included, or when the time is over. @throws the signal's reason */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  close(): void;
}

/** The system's way to watch a path. */
export type WatchPath = (path: string, options: ChokidarOptions) => Pick<FSWatcher, 'on' | 'close'>;

export interface WatcherOptions {
  clock: Pick<Clock, 'monotonic' | 'sleep'>;
  /** Of more paths, the first are watched and the rest is only looked at: the system's watches belong to all programs. */
  maxPaths?: number;
  watchPath?: WatchPath;
}

const MAX_PATHS = 128;
/** At the system's limits (EMFILE, ENOSPC): between two attempts to watch a path. */
const RETRY_MS = 5000;
/** chokidar drops changes of a file that follow another within 50 ms, so a change is looked at twice. */
const SETTLE_MS = 60;

interface Watch {
  watcher: ReturnType<WatchPath>;
  /** Which file or folder had the name when watching began. */
  id: string;
  failedAtMs?: number;
}

export function newWatcher(options: WatcherOptions): Watcher {
  const { clock, maxPaths = MAX_PATHS, watchPath: open = watchPath } = options;
  const watches = new Map<string, Watch>();
  let isChanged = false;
  let isUnsettled = false;
  let wake: (() => void) | undefined;
  const changed = () => {
    isChanged = true;
    wake?.();
  };
  const drop = (path: string) => {
    const watcher = watches.get(path)?.watcher;
    // close() removes all listeners, and an error of a read under way would have none.
    void watcher?.close();
    watcher?.on('error', () => undefined);
    watches.delete(path);
  };
  const isWatched = (path: string): boolean => {
    const target = targetOf(path);
    const known = watches.get(path);
    if (known !== undefined && known.id === target?.id) {
      if (known.failedAtMs === undefined) return true;
      if (clock.monotonic() - known.failedAtMs < RETRY_MS) return false;
    }
    drop(path);
    if (target === undefined) return false;
    // Of a folder that is only watched for a file to come, nothing else is of interest.
    const ignored = target.path === path ? [] : (name: string) => name !== target.path && name !== path;
    const watcher = open(target.path, { depth: 0, ignoreInitial: true, atomic: false, ignored });
    const one: Watch = { watcher, id: target.id };
    watcher.on('all', changed);
    // What changed before is found by looking once more.
    watcher.on('ready', changed);
    watcher.on('error', () => {
      one.failedAtMs = clock.monotonic();
      changed();
    });
    watches.set(path, one);
    return true;
  };
  return {
    watch(paths) {
      const wanted = new Set([...new Set(paths)].slice(0, maxPaths));
      for (const path of [...watches.keys()]) if (!wanted.has(path)) drop(path);
      return [...wanted].map(isWatched).every(Boolean);
    },
    async wait(ms, signal) {
      signal?.throwIfAborted();
      if (!isChanged) {
        const awake = new AbortController();
        wake = () => awake.abort(awake);
        // Not AbortSignal.any: on Node 20 each call stays in the memory of a signal that lives on.
        signal?.addEventListener('abort', wake, { once: true });
        await clock.sleep(isUnsettled ? Math.min(ms, SETTLE_MS) : ms, awake.signal).catch((error) => {
          if (error !== awake) throw error;
        });
        signal?.removeEventListener('abort', wake);
        wake = undefined;
      }
      isUnsettled = isChanged;
      isChanged = false;
      signal?.throwIfAborted();
    },
    close() {
      for (const path of [...watches.keys()]) drop(path);
    },
  };
}

/** The path itself, or its folder while it is missing; undefined when that is missing, too. */
function targetOf(path: string): { path: string; id: string } | undefined {
  for (const one of [path, dirname(path)]) {
    const id = idOf(one);
    if (id !== undefined) return { path: one, id };
  }
  return undefined;
}

// Not by promises, which cost ten times as much: a supervisor asks for hundreds of paths at each look.
function idOf(path: string): string | undefined {
  try {
    const { dev, ino, birthtimeMs } = statSync(path);
    return `${dev}:${ino}:${birthtimeMs}`;
  } catch {
    return undefined;
  }
}
