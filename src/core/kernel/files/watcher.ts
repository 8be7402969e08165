import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type ChokidarOptions, type FSWatcher, watch as watchPath } from 'chokidar';
import type { Clock } from '../clock.ts';

/**
 * Reports changes to files and folders, as far as the operating system does. It may miss some, especially on network
 * disks, so its callers must also poll.
 */
export interface Watcher {
  /**
   * Watches these files, even before they exist, and the entries of these folders, and nothing else. Paths replaced
   * since the last call are watched again.
   * @returns false if changes to any of them are not reported, so that it must be polled often
   */
  watch(paths: Iterable<string>): boolean;
  /** @returns true at a change, including one since the last wait, and false after `ms`. @throws the signal's reason */
  wait(ms: number, signal?: AbortSignal): Promise<boolean>;
  /** Ends a wait, or the next one, for a change that no file shows. */
  wake(): void;
  close(): void;
}

export type WatchPath = (path: string, options: ChokidarOptions) => Pick<FSWatcher, 'on' | 'close'>;

export interface WatcherOptions {
  clock: Pick<Clock, 'monotonic' | 'sleep'>;
  /** Paths beyond this are only polled: watches are a resource that all programs share. */
  maxPaths?: number;
  watchPath?: WatchPath;
}

const MAX_PATHS = 128;
/** At the system's limits (EMFILE, ENOSPC): pause between two attempts to watch a path. */
const RETRY_MS = 5000;
/** chokidar drops a change to a file within 50 ms of another one, so callers read again after each change. */
const SETTLE_MS = 60;

interface Watch {
  watcher: ReturnType<WatchPath>;
  /** Identifies the file or folder that was at the path when watching began. */
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
    // close() removes all listeners, so an error from a pending read would be unhandled.
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
    // In a folder watched only for a file to appear, nothing else matters.
    const ignored = target.path === path ? [] : (name: string) => name !== target.path && name !== path;
    const watcher = open(target.path, { depth: 0, ignoreInitial: true, atomic: false, ignored });
    const one: Watch = { watcher, id: target.id };
    watcher.on('all', changed);
    // The caller reads again, and so finds the changes made before this moment.
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
      const all = new Set(paths);
      const wanted = new Set([...all].slice(0, maxPaths));
      for (const path of [...watches.keys()]) if (!wanted.has(path)) drop(path);
      return [...wanted].map(isWatched).every(Boolean) && wanted.size === all.size;
    },
    async wait(ms, signal) {
      signal?.throwIfAborted();
      const isRepeated = isUnsettled;
      if (!isChanged) {
        const awake = new AbortController();
        wake = () => awake.abort(awake);
        // Not AbortSignal.any: on Node 20 each call leaks memory for as long as the source signal lives.
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
      return isUnsettled || isRepeated;
    },
    wake: changed,
    close() {
      for (const path of [...watches.keys()]) drop(path);
    },
  };
}

/** The path itself, or its folder while it is missing; undefined if both are missing. */
function targetOf(path: string): { path: string; id: string } | undefined {
  for (const one of [path, dirname(path)]) {
    const id = idOf(one);
    if (id !== undefined) return { path: one, id };
  }
  return undefined;
}

// Synchronous, because it takes a tenth of the time: a supervisor checks hundreds of paths at each poll.
function idOf(path: string): string | undefined {
  try {
    const { dev, ino, birthtimeMs } = statSync(path);
    return `${dev}:${ino}:${birthtimeMs}`;
  } catch {
    return undefined;
  }
}
