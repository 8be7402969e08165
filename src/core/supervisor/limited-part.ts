import { systemClock } from '../kernel/clock.ts';
import type { SupervisorPart } from './part.ts';

/** Longer than any part takes that starts longer work and does not await it. */
const LIMIT_MS = 10_000;

/** A part that holds up no other: one that waits for a program or a machine is left to itself, and polled once it is back. */
export class LimitedPart implements SupervisorPart {
  readonly #part: SupervisorPart;
  readonly #report: (what: string, error: unknown) => void;
  readonly #limitMs: number;
  #polling: Promise<number> | undefined;

  constructor(part: SupervisorPart, report: (what: string, error: unknown) => void, limitMs = LIMIT_MS) {
    this.#part = part;
    this.#report = report;
    this.#limitMs = limitMs;
  }

  async poll(): Promise<number> {
    const isLate = this.#polling !== undefined;
    this.#polling ??= this.#part.poll().finally(() => {
      this.#polling = undefined;
    });
    // A late part ends in its own time: it is looked at, and not waited for again.
    return await this.#within(this.#polling, isLate ? 0 : this.#limitMs, Number.POSITIVE_INFINITY);
  }

  keepsAlive(): boolean {
    return this.#part.keepsAlive();
  }

  async end(): Promise<void> {
    await this.#within(this.#part.end(), this.#limitMs, undefined);
  }

  async #within<T>(act: Promise<T>, limitMs: number, otherwise: T): Promise<T> {
    const over = new AbortController();
    const late = systemClock.sleep(limitMs, over.signal).then(
      () => 'late' as const,
      () => 'late' as const,
    );
    const first = await Promise.race([act, late]).finally(() => over.abort());
    if (first !== 'late') return first;
    if (limitMs > 0)
      this.#report('a part', new Error(`It did not end within ${limitMs / 1000} s; the others go first.`));
    // A late failure must not become an unhandled rejection.
    act.catch((error: unknown) => this.#report('a part', error));
    return otherwise;
  }
}
