import { writeWhole } from '../base/atomic-file.ts';
import { readPlainFile } from '../base/plain-file.ts';
import { iterationPaths } from '../session/paths.ts';
import type { Worker } from './worker.ts';

/** A longer gap between two ticks was sleep, SIGSTOP or a jump: it robs the child of nothing. */
const LONGEST_TICK_MS = 2000;

/** Counts the time that worker and machine were awake while a child ran, also over a change of worker. */
export class AwakeTime {
  readonly #clock: Worker['clock'];
  readonly #path: string;
  #ms: number;
  #last: number;

  private constructor(clock: Worker['clock'], path: string, ms: number) {
    this.#clock = clock;
    this.#path = path;
    this.#ms = ms;
    this.#last = clock.monotonic();
  }

  static async resume(worker: Pick<Worker, 'clock' | 'paths'>, iteration: number): Promise<AwakeTime> {
    const path = iterationPaths(worker.paths, iteration).awake;
    const reading = await readPlainFile(path, 100);
    const saved = reading.kind === 'bytes' ? Number(reading.bytes.toString('utf8')) : 0;
    return new AwakeTime(worker.clock, path, Number.isFinite(saved) && saved > 0 ? saved : 0);
  }

  get ms(): number {
    return Math.round(this.#ms);
  }

  tick(): void {
    const now = this.#clock.monotonic();
    this.#ms += Math.min(Math.max(0, now - this.#last), LONGEST_TICK_MS);
    this.#last = now;
  }

  /** Losing it costs the child nothing: a later worker then counts from less. */
  async save(): Promise<void> {
    await writeWhole(this.#path, `${this.ms}\n`).catch(() => undefined);
  }
}
