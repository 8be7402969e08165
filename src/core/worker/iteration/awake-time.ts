import { writeUnsynced } from '../../kernel/files/atomic-file.ts';
import { readAwakeMs, type WithFiles } from '../state/iteration.ts';
import type { Worker } from '../state/worker.ts';

/** A longer gap between two ticks was caused by sleep, SIGSTOP or a clock jump, and is not counted. */
const LONGEST_TICK_MS = 2000;
const SAVE_EVERY_MS = 5000;

/** Counts the time that worker and machine were awake while an agent ran, across workers. */
export class AwakeTime {
  readonly #clock: Worker['clock'];
  readonly #path: string;
  #ms: number;
  #last: number;
  #savedMs: number;

  private constructor(clock: Worker['clock'], path: string, ms: number) {
    this.#clock = clock;
    this.#path = path;
    this.#ms = ms;
    this.#savedMs = ms;
    this.#last = clock.monotonic();
  }

  static async resume({ clock }: Pick<Worker, 'clock'>, { files }: WithFiles): Promise<AwakeTime> {
    return new AwakeTime(clock, files.awake, await readAwakeMs({ files }));
  }

  get ms(): number {
    return Math.round(this.#ms);
  }

  tick(): void {
    const now = this.#clock.monotonic();
    this.#ms += Math.min(Math.max(0, now - this.#last), LONGEST_TICK_MS);
    this.#last = now;
  }

  /** Saves the time at intervals, because that takes two system calls. */
  saveIfDue(): void {
    if (this.#ms - this.#savedMs >= SAVE_EVERY_MS) this.save();
  }

  /** Losing the saved time only gives the agent more, so the file need not survive a power failure. */
  save(): void {
    this.#savedMs = this.#ms;
    try {
      writeUnsynced(this.#path, `${this.ms}\n`);
    } catch {
      // Saved again a little later.
    }
  }
}
