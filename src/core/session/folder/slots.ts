import { readdir } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { BASE_ERRORS } from '../../kernel/base-errors.ts';
import type { Clock } from '../../kernel/clock.ts';
import { ifExists } from '../../kernel/errors.ts';
import type { Host } from '../../kernel/processes/host.ts';
import { acquireLease, type Lease, type OwnedLease, readHolding } from '../../kernel/processes/lease.ts';
import { handleOf } from '../layout/names.ts';
import { runRoot } from '../layout/paths.ts';

interface Machine {
  clock: Clock;
  host: Host;
  /** The session's own lease: a slot is held only as long as this lease is. */
  under?: { leases: string; number: number };
}

export type SlotTaking = 'taken' | 'project_full' | 'machine_full';

export interface SlotLimits {
  /** The limit for all sessions of a SESSIONS folder; undefined: no limit. */
  project: number | undefined;
  /** The limit for all sessions of the machine, and the folder of its slots; read again each time. */
  machine: () => Promise<{ dir: string; count: number } | undefined>;
}

/** The slots of MAX_PARALLEL and of the machine. Each is a lease, so a worker that dies frees its slots. */
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
    // A config folder that cannot be written must not stop a session.
    const common =
      shared === undefined
        ? free
        : await takeOneOf(shared.dir, shared.count, this.#machine).catch(() => free);
    if (common === undefined && own !== free) await own.release();
    if (common === undefined) return 'machine_full';
    this.#held = [own, common].filter((slot) => slot !== free);
    return 'taken';
  }

  /** Never fails: a slot that cannot be released, on a full disk for example, is free once this process has ended. */
  async leave(): Promise<void> {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const slot of held) await slot.release().catch(() => undefined);
  }
}

async function takeOneOf(root: string, count: number, machine: Machine): Promise<OwnedLease | undefined> {
  const used = await slotsInUse(root, machine.host);
  const inUse = new Set(used.map(({ name }) => name));
  const free = Array.from({ length: count }, (_, index) => String(index + 1)).filter(
    (name) => !inUse.has(name),
  );
  // Slots above a lowered limit count too. Acquiring the lease fails if another process took the slot first.
  for (const name of free.slice(0, Math.max(0, count - used.length))) {
    const dir = join(root, name);
    const { clock, host, under } = machine;
    try {
      return await acquireLease(dir, {
        clock,
        host,
        ...(under && { under: { leases: relative(dir, under.leases), number: under.number } }),
      });
    } catch (error) {
      if (!BASE_ERRORS.lease_held.is(error)) throw error;
    }
  }
  return undefined;
}

export interface UsedSlot {
  name: string;
  lease: Lease;
  /** True if it cannot be determined from here whether its worker is alive. */
  isUnseen: boolean;
}

export async function slotsInUse(root: string, host: Host): Promise<UsedSlot[]> {
  const names = (await ifExists(readdir(root))) ?? [];
  const slots = await Promise.all(
    names.map(async (name) => ({ name, holding: await readHolding(join(root, name), host) })),
  );
  return slots.flatMap(({ name, holding }) =>
    holding.kind === 'held' && holding.liveness !== 'dead'
      ? [{ name, lease: holding.lease, isUnseen: holding.liveness === 'unknowable' }]
      : [],
  );
}

export function describeHolders(slots: readonly UsedSlot[]): string {
  return slots.map(describeHolder).join(', ');
}

function describeHolder({ lease: { owner, under }, isUnseen }: UsedSlot): string {
  const session = under && handleOf(basename(dirname(under.leases)));
  if (!isUnseen) return session ?? `a session (process ${owner.pid})`;
  return `${session ?? 'a session'} (on another machine or in a container, which cannot be seen from here; if that is gone: samocode takeover ${session ?? '<session>'})`;
}

export function slotsRoot(sessionsDir: string): string {
  return join(runRoot(sessionsDir), '.slots');
}
