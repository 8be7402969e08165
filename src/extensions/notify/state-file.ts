import type * as z from 'zod';
import { writeWhole } from '../../core/kernel/files/atomic-file.ts';
import { statsAt } from '../../core/kernel/files/path-stats.ts';
import { plainJson } from '../../core/kernel/files/plain-file.ts';

/**
 * A JSON file that this process alone writes: read once, changed in memory, written whole. Without a path, it lasts
 * as long as the process; a file that is missing or damaged begins anew.
 */
export class StateFile<T> {
  readonly #path: string | undefined;
  readonly #schema: z.ZodType<T>;
  readonly #begin: () => T;
  #state: T | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #next: Promise<void> | undefined;
  #isUnwritten = false;

  constructor(path: string | undefined, schema: z.ZodType<T>, begin: () => T) {
    this.#path = path;
    this.#schema = schema;
    this.#begin = begin;
  }

  /** Undefined before the first read. */
  get current(): T | undefined {
    return this.#state;
  }

  /** A change that stays could not be written yet. */
  get isUnwritten(): boolean {
    return this.#isUnwritten;
  }

  async read(): Promise<T> {
    if (this.#state !== undefined) return this.#state;
    const found = this.#path === undefined ? undefined : await plainJson(this.#path, this.#schema);
    this.#state ??= found ?? this.#begin();
    return this.#state;
  }

  /** @param undo what follows a change that could not be written; without it, it stays, and goes with the next one */
  async change(change: (state: T) => void, undo?: (state: T) => void): Promise<void> {
    const state = await this.read();
    change(state);
    try {
      await this.#write();
    } catch (error) {
      if (undo === undefined) this.#isUnwritten = true;
      else undo(state);
      throw error;
    }
  }

  /** Writes run one at a time, because an older state must not be written last; changes meanwhile share the next. */
  async #write(): Promise<void> {
    const path = this.#path;
    if (path === undefined) return;
    if (this.#next === undefined) {
      const next = this.#last.then(async () => {
        this.#next = undefined;
        this.#isUnwritten = false;
        // A power cut may bring back the previous state, so that a notice is sent twice. It must not lose the file: a
        // new one begins with what happens from then on, and earlier news would never be sent.
        const sync = statsAt(path) === undefined ? 'folder' : 'file';
        await writeWhole(path, `${JSON.stringify(this.#state)}\n`, { mode: 0o600, sync });
      });
      this.#last = next.catch(() => undefined);
      this.#next = next;
    }
    await this.#next;
  }
}
