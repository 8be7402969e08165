import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../src/core/kernel/clock.ts';

/** What happens in replayed time, apart from the calls of the parent. */
export interface Schedule {
  /** When the next event is due, in milliseconds of this clock; infinity if none is. */
  dueAt(): number;
  /** Runs what is due; called with the clock at that time, and once at the end of every sleep. */
  runDue(): Promise<void>;
}

/** Sleeps up to this length are polls and advance the time; longer ones only show a client that a call is alive. */
const LONGEST_POLL_MS = 1000;

/** A clock on which three hours pass in moments: each poll advances it and runs what has become due. */
export class ReplayClock implements Clock {
  readonly #startMs: number;
  #elapsedMs = 0;
  #timers: { atMs: number; wake: () => void }[] = [];
  schedule: Schedule | undefined;
  /** When the wait of the current call ends; polls before that see nothing but what is due. */
  callEndsAt = 0;

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  /** Also called apart from its clock. */
  readonly monotonic = (): number => this.#elapsedMs;

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (ms > LONGEST_POLL_MS) return await this.#wakeAfter(ms, signal);
    // One turn of the event loop, so that all other tasks sleep before the time advances.
    await nextTurn();
    signal?.throwIfAborted();
    // The time of the next poll that can see a change.
    const next = Math.min(this.#due(), this.callEndsAt);
    await this.pass(Math.max(ms, next - this.#elapsedMs));
    signal?.throwIfAborted();
  }

  /** Advances the time by `ms` milliseconds. */
  async pass(ms: number): Promise<void> {
    const end = this.#elapsedMs + ms;
    for (let due = this.#due(); due <= end; due = this.#due()) {
      this.#elapsedMs = Math.max(this.#elapsedMs, due);
      await this.schedule?.runDue();
    }
    this.#elapsedMs = end;
    await this.schedule?.runDue();
    const over = this.#timers.filter(({ atMs }) => atMs <= end);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > end);
    for (const { wake } of over) wake();
  }

  #due(): number {
    return this.schedule?.dueAt() ?? Number.POSITIVE_INFINITY;
  }

  #wakeAfter(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const timer = { atMs: this.#elapsedMs + ms, wake };
      this.#timers.push(timer);
      signal?.addEventListener('abort', stop);
    });
  }
}
