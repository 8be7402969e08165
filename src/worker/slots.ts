import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Host } from '../base/host.ts';
import { acquireLease, LeaseHeldError, type OwnedLease } from '../base/lease.ts';
import { runRoot } from '../session/paths.ts';

/** The places of MAX_PARALLEL, a lease each: a worker that dies frees its own by being dead. */
export class Slots {
  readonly #sessionsDir: string;
  readonly #count: number | undefined;
  readonly #machine: { clock: Clock; host: Host };
  #held: OwnedLease | undefined;

  /** @param count places that all sessions of a SESSIONS folder share; undefined: no limit */
  constructor(sessionsDir: string, count: number | undefined, machine: { clock: Clock; host: Host }) {
    this.#sessionsDir = sessionsDir;
    this.#count = count;
    this.#machine = machine;
  }

  /** @returns false when all places are taken */
  async take(): Promise<boolean> {
    if (this.#held !== undefined || this.#count === undefined) return true;
    for (let number = 1; number <= this.#count; number += 1) {
      try {
        const dir = join(runRoot(this.#sessionsDir), '.slots', String(number));
        this.#held = await acquireLease(dir, this.#machine);
        return true;
      } catch (error) {
        if (!(error instanceof LeaseHeldError)) throw error;
      }
    }
    return false;
  }

  async leave(): Promise<void> {
    await this.#held?.release();
    this.#held = undefined;
  }
}
