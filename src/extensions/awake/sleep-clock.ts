import type { Clock } from '../../core/kernel/clock.ts';

/** Ticks come every second: a longer pause is not work. */
const LONGEST_TICK_MS = 5 * 60_000;

/** Sees from its own clock that the machine slept; a clock that was set forward looks the same. */
export class SleepClock {
  readonly clock: Clock;
  #last: { wall: number; monotonic: number; isTick: boolean };

  constructor(clock: Clock) {
    this.clock = clock;
    this.#last = this.#now(false);
  }

  /** Between two pieces of work, however long they take. @returns how long the machine slept since the last call, in ms */
  look(): number {
    return this.#since(false);
  }

  /** Called every second during a piece of work. @returns as `look` */
  tick(): number {
    return this.#since(true);
  }

  #now(isTick: boolean) {
    return { wall: this.clock.now(), monotonic: this.clock.monotonic(), isTick };
  }

  #since(isTick: boolean): number {
    const before = this.#last;
    const now = this.#now(isTick);
    this.#last = now;
    const awakeMs = now.monotonic - before.monotonic;
    const sleptMs = now.wall - before.wall - awakeMs;
    // macOS counts sleep as well.
    const isStill = before.isTick && isTick && awakeMs > LONGEST_TICK_MS;
    return Math.max(0, sleptMs, isStill ? awakeMs : 0);
  }
}
