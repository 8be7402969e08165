/** Acts that take back what was done so far, for work that must be whole or not at all. */
export class UndoList {
  readonly #acts: Array<() => Promise<unknown>> = [];

  push(act: () => Promise<unknown>): void {
    this.#acts.push(act);
  }

  /** Runs them, last first. One that fails keeps no other from running. */
  async run(): Promise<void> {
    for (const act of this.#acts.reverse()) {
      // The failure that led here is the one to tell; a remainder is better than a hidden cause.
      await act().catch(() => undefined);
    }
  }
}
