import * as z from 'zod';
import { type Clock, isoUtc } from '../base/clock.ts';
import { ifThere, isSamocodeError } from '../base/errors.ts';
import { writeLightly } from '../base/files/atomic-file.ts';
import { plainJson } from '../base/files/plain-file.ts';
import type { Board, Entry, HostCard, Ulid } from './board.ts';
import type { Lack } from './fence.ts';

/** What this machine's part in a pool last saw, for people: its supervisor, at each renewal. */
const PoolStatus = z.object({
  v: z.literal(1),
  at: z.iso.datetime(),
  sessions: z.array(
    z.object({
      id: z.string(),
      folder: z.string(),
      /** The id of the machine that has it. */
      host: z.string().optional(),
      publishedAt: z.string().optional(),
      /** Since when this machine has work of it that is not published. */
      unpublishedSince: z.string().optional(),
    }),
  ),
  /** `of`: the id or the name of a session, or what failed for all of them. */
  problems: z.array(z.object({ of: z.string(), text: z.string(), at: z.string() })),
});
export type PoolStatus = z.infer<typeof PoolStatus>;

/** What lasts fails again before that. */
const RECENT_MS = 120_000;
const MAX_BYTES = 16 * 1024 * 1024;

export class StatusFile {
  readonly #path: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #problems = new Map<string, PoolStatus['problems'][number]>();
  #sessions: PoolStatus['sessions'] = [];
  #behindSince: ReadonlyMap<Ulid, string> = new Map();

  constructor(path: string, clock: Pick<Clock, 'now'>) {
    this.#path = path;
    this.#clock = clock;
  }

  failed(of: string, error: unknown): void {
    const text = isSamocodeError(error) ? `${error.what} ${error.why} ${error.hint}` : String(error);
    this.#problems.set(of, { of, text: text.trim(), at: isoUtc(this.#clock.now()) });
  }

  /** @param behind sessions of which this machine has work that is not published */
  saw(entries: Iterable<Entry>, behind: readonly Ulid[]): void {
    const now = isoUtc(this.#clock.now());
    this.#behindSince = new Map(behind.map((id) => [id, this.#behindSince.get(id) ?? now]));
    this.#sessions = [...entries].map(({ id, folder, host, card }) => ({
      ...{ id, folder, host, publishedAt: card?.at },
      unpublishedSince: this.#behindSince.get(id),
    }));
  }

  write(): void {
    const now = this.#clock.now();
    for (const { of, at } of this.#problems.values())
      if (now - Date.parse(at) > RECENT_MS) this.#problems.delete(of);
    const status = {
      v: 1,
      at: isoUtc(now),
      sessions: this.#sessions,
      problems: [...this.#problems.values()],
    };
    // Nobody's work waits for it.
    ifThere(() => writeLightly(this.#path, `${JSON.stringify(status)}\n`, 0o600));
  }
}

/** @returns undefined where no supervisor has written one */
export async function readPoolStatus(path: string): Promise<PoolStatus | undefined> {
  return await plainJson(path, MAX_BYTES, PoolStatus);
}

/** What no living machine has of what a wanted session needs, for each. */
export async function lacksOf(
  entries: readonly Entry[],
  { board, card, supervisor }: { board: Pick<Board, 'hosts'>; card: HostCard; supervisor: string },
): Promise<(entry: Entry) => Lack> {
  const isNeedy = ({ wanted, needs }: Entry) => wanted && lacking(needs, [card]).length > 0;
  const others = entries.some(isNeedy) ? await board.hosts(card.project) : [];
  // Its own first sign of life is not seen yet.
  const hosts = [card, ...others.filter(({ id }) => id !== card.id)];
  // One of them notifies.
  const [first] = hosts.map(({ id }) => id).sort();
  return (entry) => {
    const isHeld = hosts.some(({ id }) => id === entry.host);
    const needs = isNeedy(entry) && !isHeld ? lacking(entry.needs, hosts) : [];
    return { needs, ...(first === card.id && { supervisor }) };
  };
}

/** What none of these machines has; all that is needed where none has everything; nothing where one has. */
export function lacking(
  needs: readonly string[],
  hosts: readonly Pick<HostCard, 'labels'>[],
): readonly string[] {
  if (hosts.some(({ labels }) => needs.every((need) => labels.includes(need)))) return [];
  const missing = needs.filter((need) => !hosts.some(({ labels }) => labels.includes(need)));
  return missing.length > 0 ? missing : needs;
}
