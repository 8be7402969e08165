import type { Ulid } from '../board/board.ts';

/** Runs one step at a time for each session, so that reading its ref never races with pushing it. */
export class SessionSteps {
  readonly #running = new Map<Ulid, Promise<void>>();
  readonly #report: (id: Ulid, error: unknown) => void;

  constructor(report: (id: Ulid, error: unknown) => void) {
    this.#report = report;
  }

  /** @param waits run the step after the one in progress; otherwise skip it then, because it is repeated later */
  run(id: Ulid, step: () => Promise<void>, { waits = false } = {}): void {
    const before = this.#running.get(id);
    if (before !== undefined && !waits) return;
    const running: Promise<void> = (before ?? Promise.resolve())
      .then(step)
      .catch((error: unknown) => this.#report(id, error))
      .finally(() => {
        if (this.#running.get(id) === running) this.#running.delete(id);
      });
    this.#running.set(id, running);
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }
}
