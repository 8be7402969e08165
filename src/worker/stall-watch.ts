import { createHash } from 'node:crypto';
import type { ProcessEntry } from '../base/process-table.ts';
import { readTree } from '../project/tree-reading.ts';
import { documentsPrint } from './snapshot.ts';
import type { WatchLimits } from './watch-limits.ts';
import { stateOf, type Worker } from './worker.ts';

/** CPU ticks (1/100 s) that an idle runtime burns between two looks without doing anything. */
const IDLE_TICKS = 3;

/**
 * Tells a child that works in silence from one that hangs: it lives while it prints, uses CPU time or
 * changes a file. Files are looked at last, because that costs a git call.
 */
export class StallWatch {
  readonly #worker: Worker;
  readonly #limits: WatchLimits;
  #bytes = 0;
  #cpu = new Map<string, number>();
  #files: string | undefined;
  #quietSinceMs = 0;
  #announced = false;

  constructor(worker: Worker, limits: WatchLimits) {
    this.#worker = worker;
    this.#limits = limits;
  }

  /**
   * @param awakeMs the child's awake time so far
   * @returns `announce` once per silence; `end` when it has lasted too long
   */
  async look(
    awakeMs: number,
    bytes: number,
    members: readonly ProcessEntry[],
  ): Promise<'fine' | 'announce' | 'end'> {
    if (this.#hasStirred(bytes, members)) this.#stirred(awakeMs);
    const quietMs = awakeMs - this.#quietSinceMs;
    const isDue = quietMs >= (this.#announced ? this.#limits.stallEndMs : this.#limits.stallMs);
    if (!isDue) return 'fine';
    if (await this.#filesChanged()) {
      this.#stirred(awakeMs);
      return 'fine';
    }
    if (this.#announced) return 'end';
    this.#announced = true;
    return 'announce';
  }

  #hasStirred(bytes: number, members: readonly ProcessEntry[]): boolean {
    const printed = bytes !== this.#bytes;
    this.#bytes = bytes;
    let used = 0;
    const cpu = new Map<string, number>();
    for (const entry of members) {
      const key = `${entry.pid}:${entry.startTicks}`;
      used += entry.cpuTicks - (this.#cpu.get(key) ?? 0);
      cpu.set(key, entry.cpuTicks);
    }
    this.#cpu = cpu;
    return printed || used > IDLE_TICKS;
  }

  #stirred(awakeMs: number): void {
    this.#quietSinceMs = awakeMs;
    this.#announced = false;
    this.#files = undefined;
  }

  // The first look of a silence only learns what stands there.
  async #filesChanged(): Promise<boolean> {
    const path = stateOf(this.#worker).worktree?.path;
    const tree = path && (await readTree(path, this.#worker.git.context));
    const seen = [tree, documentsPrint(this.#worker)];
    const now = createHash('sha256').update(JSON.stringify(seen)).digest('hex');
    const changed = this.#files !== undefined && this.#files !== now;
    this.#files = now;
    return changed;
  }
}
