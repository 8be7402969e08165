import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BASE_ERRORS } from '../base/base-errors.ts';
import type { Clock } from '../base/clock.ts';
import { ifExists } from '../base/errors.ts';
import { type Host, isSameProcess, type ProcessIdentity } from '../base/processes/host.ts';
import { acquireLease, type OwnedLease, readHolding } from '../base/processes/lease.ts';
import { runRoot } from './layout/paths.ts';

interface Machine {
  clock: Clock;
  host: Host;
}

export type SlotTaking = 'taken' | 'project_full' | 'machine_full';

export interface SlotLimits {
  /** What all sessions of a SESSIONS folder share; undefined: no limit. */
  project: number | undefined;
  /** What all sessions of the machine share, and where its slots are; asked anew each time. */
  machine: () => Promise<{ dir: string; count: number } | undefined>;
}

/** The slots of MAX_PARALLEL and of the machine, a lease each: a worker that dies frees its own by being dead. */
export class Slots {
  readonly #sessionsDir: string;
  readonly #limits: SlotLimits;
  readonly #machine: Machine;
  #held: OwnedLease[] | undefined;

  constructor(sessionsDir: string, limits: SlotLimits, machine: Machine) {
    this.#sessionsDir = sessionsDir;
    this.#limits = limits;
    this.#machine = machine;
  }

  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  async take(): Promise<SlotTaking> {
    if (this.#held !== undefined) return 'taken';
    const { project, machine } = this.#limits;
    const free = 'free' as const;
    const own =
      project === undefined ? free : await takeOneOf(slotsRoot(this.#sessionsDir), project, this.#machine);
    if (own === undefined) return 'project_full';
    const shared = await machine();
    // A config folder that cannot be written keeps no session from its work.
    const common =
      shared === undefined
        ? free
        : await takeOneOf(shared.dir, shared.count, this.#machine).catch(() => free);
    if (common === undefined && own !== free) await own.release();
    if (common === undefined) return 'machine_full';
    this.#held = [own, common].filter((slot) => slot !== free);
    return 'taken';
  }

  /** Never fails: a slot that a full disk did not let go is free once this process has ended. */
  async leave(): Promise<void> {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const slot of held) await slot.release().catch(() => undefined);
  }
}

async function takeOneOf(root: string, count: number, machine: Machine): Promise<OwnedLease | undefined> {
  for (let number = 1; number <= count; number += 1) {
    try {
      return await acquireLease(join(root, String(number)), machine);
    } catch (error) {
      if (!BASE_ERRORS.lease_held.is(error)) throw error;
    }
  }
  return undefined;
}

export async function slotsInUse(root: string, host: Host): Promise<number> {
  const names = (await ifExists(readdir(root))) ?? [];
  const holdings = await Promise.all(names.map((name) => readHolding(join(root, name), host)));
  return holdings.filter((holding) => holding.kind === 'held' && holding.liveness !== 'dead').length;
}

/** Frees the slots of a worker that a person has given up: whether it lives can't be known from here. */
export async function freeSlotsOf(
  owner: ProcessIdentity,
  sessionsDir: string,
  machine: Machine,
): Promise<void> {
  const root = slotsRoot(sessionsDir);
  for (const name of (await ifExists(readdir(root))) ?? []) {
    const dir = join(root, name);
    const holding = await readHolding(dir, machine.host);
    if (holding.kind !== 'held' || !isSameProcess(holding.lease.owner, owner)) continue;
    try {
      await using _place = await acquireLease(dir, { ...machine, takeUnknowable: owner });
    } catch (error) {
      if (!BASE_ERRORS.lease_held.is(error)) throw error;
    }
  }
}

export function slotsRoot(sessionsDir: string): string {
  return join(runRoot(sessionsDir), '.slots');
}
