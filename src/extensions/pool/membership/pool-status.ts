import * as z from 'zod';
import { type Clock, isoUtc } from '../../../core/kernel/clock.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { writeUnsynced } from '../../../core/kernel/files/atomic-file.ts';
import { plainJson } from '../../../core/kernel/files/plain-file.ts';
import type { UnmetNeeds } from '../../../core/session/folder/ownership.ts';
import type { Entry, HostInfo, HostSign, Ulid } from '../board/board.ts';

/** A machine of the pool, with its last sign of life in the database. */
const MachineSign = z.object({
  id: z.string(),
  name: z.string(),
  labels: z.array(z.string()).readonly(),
  slots: z.number(),
  level: z.string(),
  version: z.string(),
  seenMsAgo: z.number(),
  /** Whether it was seen within a lease. */
  isLive: z.boolean(),
  isRemoved: z.boolean(),
});
export type MachineSign = z.infer<typeof MachineSign>;

/** The supervisor's state of a pool, written for people at each renewal. */
const PoolStatus = z.object({
  v: z.literal(1),
  /** The time of the last renewal, whether it succeeded or not. */
  at: z.iso.datetime(),
  /** The time of the last renewal that succeeded. */
  lookedAt: z.string().optional(),
  /** The machines at that time. */
  hosts: z.array(MachineSign).default([]),
  sessions: z.array(
    z.object({
      id: z.string(),
      folder: z.string(),
      /** The id of the machine that has it. */
      host: z.string().optional(),
      wanted: z.boolean().default(false),
      needs: z.array(z.string()).readonly().default([]),
      status: z.string().optional(),
      iteration: z.number().optional(),
      publishedAt: z.string().optional(),
      /** The time since which this machine has had unpublished work of the session. */
      unpublishedSince: z.string().optional(),
    }),
  ),
  /** The copies of sessions of other machines, as last measured. */
  disk: z.object({ copies: z.int(), bytes: z.int() }).optional(),
  /** `of` is the id or the name of a session, or the part of the pool that failed. */
  problems: z.array(z.object({ of: z.string(), text: z.string(), at: z.string() })),
});
export type PoolStatus = z.infer<typeof PoolStatus>;

/** A problem that persists is reported again within this time; older ones are dropped. */
const RECENT_MS = 120_000;
export class StatusFile {
  readonly #path: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #problems = new Map<string, PoolStatus['problems'][number]>();
  #sessions: PoolStatus['sessions'] = [];
  #behindSince: ReadonlyMap<Ulid, string> = new Map();
  #disk: PoolStatus['disk'];
  #looked: Pick<PoolStatus, 'lookedAt' | 'hosts'> = { hosts: [] };

  constructor(path: string, clock: Pick<Clock, 'now'>) {
    this.#path = path;
    this.#clock = clock;
  }

  failed(of: string, error: unknown): void {
    const text = isSamocodeError(error) ? `${error.what} ${error.why} ${error.hint}` : String(error);
    this.#problems.set(of, { of, text: text.trim(), at: isoUtc(this.#clock.now()) });
  }

  /** @param behind sessions with work on this machine that is not published */
  saw(entries: Iterable<Entry>, behind: readonly Ulid[]): void {
    const now = isoUtc(this.#clock.now());
    this.#behindSince = new Map(behind.map((id) => [id, this.#behindSince.get(id) ?? now]));
    this.#sessions = [...entries].map(({ id, folder, host, wanted, needs, card }) => ({
      ...{ id, folder, host, wanted, needs, status: card?.status, iteration: card?.iteration },
      publishedAt: card?.at,
      unpublishedSince: this.#behindSince.get(id),
    }));
  }

  holds(disk: NonNullable<PoolStatus['disk']>): void {
    this.#disk = disk;
  }

  /** A renewal succeeded. @param hosts the machines with a sign of life in the database */
  looked(hosts: readonly MachineSign[]): void {
    this.#looked = { lookedAt: isoUtc(this.#clock.now()), hosts: [...hosts] };
  }

  write(): void {
    const now = this.#clock.now();
    for (const { of, at } of this.#problems.values())
      if (now - Date.parse(at) > RECENT_MS) this.#problems.delete(of);
    const status = {
      v: 1,
      at: isoUtc(now),
      ...this.#looked,
      sessions: this.#sessions,
      disk: this.#disk,
      problems: [...this.#problems.values()],
    };
    try {
      writeUnsynced(this.#path, `${JSON.stringify(status)}\n`, { mode: 0o600 });
    } catch {
      // Only people read it: on a full disk the pool's work continues, and the next renewal writes again.
    }
  }
}

/** @returns undefined if no supervisor has written the file */
export async function readPoolStatus(path: string): Promise<PoolStatus | undefined> {
  return await plainJson(path, PoolStatus);
}

/** @returns which needs of a wanted session no live machine meets */
export function unmetNeedsOf(
  signs: readonly HostSign[],
  { hostInfo, supervisor }: { hostInfo: HostInfo; supervisor: string },
): (entry: Entry) => UnmetNeeds {
  const others = signs.filter(({ isLive, isRemoved }) => isLive && !isRemoved);
  // The board may not list this machine's first heartbeat yet.
  const hosts = [hostInfo, ...others.filter(({ id }) => id !== hostInfo.id)];
  // Only one machine notifies.
  const [first] = hosts.map(({ id }) => id).sort();
  return ({ wanted, needs, host }) => {
    const isHeld = hosts.some(({ id }) => id === host);
    return {
      needs: wanted && !isHeld ? unmetBy(needs, hosts) : [],
      ...(first === hostInfo.id && { supervisor }),
    };
  };
}

/** The needs that no machine meets; all of them if no single machine meets all; none if one does. */
export function unmetBy(
  needs: readonly string[],
  hosts: readonly Pick<HostInfo, 'labels'>[],
): readonly string[] {
  if (hosts.some(({ labels }) => needs.every((need) => labels.includes(need)))) return [];
  const missing = needs.filter((need) => !hosts.some(({ labels }) => labels.includes(need)));
  return missing.length > 0 ? missing : needs;
}
