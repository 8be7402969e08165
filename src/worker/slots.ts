import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { ifExists } from '../base/errors.ts';
import { type Host, isSameProcess, type ProcessIdentity } from '../base/host.ts';
import { acquireLease, LeaseHeldError, type OwnedLease, readHolding } from '../base/lease.ts';
import { runRoot } from '../session/paths.ts';

interface Machine {
  clock: Clock;
  host: Host;
}

/** The places of MAX_PARALLEL, a lease each: a worker that dies frees its own by being dead. */
export class Slots {
  readonly #sessionsDir: string;
  readonly #count: number | undefined;
  readonly #machine: Machine;
  #held: OwnedLease | undefined;

  /** @param count places that all sessions of a SESSIONS folder share; undefined: no limit */
  constructor(sessionsDir: string, count: number | undefined, machine: Machine) {
    this.#sessionsDir = sessionsDir;
    this.#count = count;
    this.#machine = machine;
  }

  /** @returns false when all places are taken */
  async take(): Promise<boolean> {
    if (this.#held !== undefined || this.#count === undefined) return true;
    for (let number = 1; number <= this.#count; number += 1) {
      try {
        const dir = join(placesRoot(this.#sessionsDir), String(number));
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

/** Frees the places of a worker that a person has given up: whether it lives can't be known from here. */
export async function freePlacesOf(
  owner: ProcessIdentity,
  sessionsDir: string,
  machine: Machine,
): Promise<void> {
  const root = placesRoot(sessionsDir);
  for (const name of (await ifExists(readdir(root))) ?? []) {
    const dir = join(root, name);
    const holding = await readHolding(dir, machine.host);
    if (holding.kind !== 'held' || !isSameProcess(holding.lease.owner, owner)) continue;
    try {
      await using _place = await acquireLease(dir, { ...machine, takeUnknowable: owner });
    } catch (error) {
      if (!(error instanceof LeaseHeldError)) throw error;
    }
  }
}

function placesRoot(sessionsDir: string): string {
  return join(runRoot(sessionsDir), '.slots');
}
