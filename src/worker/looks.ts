import type { Clock } from '../base/clock.ts';
import { statsAt } from '../base/look-at.ts';
import { fileId } from '../base/plain-file.ts';

/** Two changes of one moment may leave the same size and time; and not every file system tells of all. */
const LOOK_AGAIN_MS = 10_000;

/** Knows which files were looked at as they are now, so that one that nobody changes is not read five times a second. */
export class Looks {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #seen = new Map<string, { id: string; atMs: number }>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** True when a file has changed since this was last true of it, and now and then without a change. */
  isDue(path: string): boolean {
    const stats = statsAt(path);
    const id = stats === undefined ? '' : fileId(stats);
    const atMs = this.#clock.monotonic();
    const last = this.#seen.get(path);
    if (last?.id === id && atMs - last.atMs < LOOK_AGAIN_MS) return false;
    this.#seen.set(path, { id, atMs });
    return true;
  }
}
