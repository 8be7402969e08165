import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../src/base/clock.ts';

/** Whatever happens in replayed time besides the one who waits. */
export interface Happens {
  /** When the next thing is due, in milliseconds of this clock; infinity when nothing is. */
  dueAt(): number;
  /** Lets happen what is due; called with the clock at that time, and once at the end of every sleep. */
  happen(): Promise<void>;
}

/** Sleeps up to this long are polls and move time on; longer ones only tell a client that a call lives. */
const LONGEST_POLL_MS = 1000;

/** A clock on which three hours pass in moments: whoever polls moves it, and what is due meanwhile happens. */
export class ReplayClock implements Clock {
  readonly #startMs: number;
  #elapsedMs = 0;
  #beats: { atMs: number; wake: () => void }[] = [];
  happens: Happens | undefined;
  /** When the call that runs will have waited long enough; looks until then see nothing but what is due. */
  callEndsAt = 0;

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (ms > LONGEST_POLL_MS) return await this.#beat(ms, signal);
    // One turn, so that whoever else is awake gets to sleep first.
    await nextTurn();
    signal?.throwIfAborted();
    // The next look with anything to see.
    const next = Math.min(this.#due(), this.callEndsAt);
    await this.pass(Math.max(ms, next - this.#elapsedMs));
    signal?.throwIfAborted();
  }

  /** Lets `ms` milliseconds go by. */
  async pass(ms: number): Promise<void> {
    const end = this.#elapsedMs + ms;
    for (let due = this.#due(); due <= end; due = this.#due()) {
      this.#elapsedMs = Math.max(this.#elapsedMs, due);
      await this.happens?.happen();
    }
    this.#elapsedMs = end;
    await this.happens?.happen();
    const over = this.#beats.filter(({ atMs }) => atMs <= end);
    this.#beats = this.#beats.filter(({ atMs }) => atMs > end);
    for (const { wake } of over) wake();
  }

  #due(): number {
    return this.happens?.dueAt() ?? Number.POSITIVE_INFINITY;
  }

  #beat(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#beats = this.#beats.filter((other) => other !== beat);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const beat = { atMs: this.#elapsedMs + ms, wake };
      this.#beats.push(beat);
      signal?.addEventListener('abort', stop);
    });
  }
}
