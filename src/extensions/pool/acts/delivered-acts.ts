import { parseJson } from '../../../core/kernel/parse-json.ts';
import {
  Command,
  leaveCommand,
  pendingCommandIds,
  readCommand,
  removeCommand,
} from '../../../core/session/commands/commands.ts';
import { readEvents } from '../../../core/session/events/event-log.ts';
import { type SessionPaths, sessionPaths } from '../../../core/session/layout/paths.ts';
import type { SentAct, Ulid } from '../boards/board.ts';
import type { HeldSession, MemberParts } from '../member-parts.ts';
import { POOL_ERRORS } from '../pool-errors.ts';

const MAX_NAME = 100;

/** Delivers acts from other machines to sessions held here, and tracks them until the published log answers them. */
export class DeliveredActs {
  readonly #parts: Pick<MemberParts, 'board' | 'place' | 'report' | 'wake'>;
  readonly #open = new Map<Ulid, SentAct>();

  constructor(parts: Pick<MemberParts, 'board' | 'place' | 'report' | 'wake'>) {
    this.#parts = parts;
  }

  async deliver(act: SentAct, held: HeldSession | undefined): Promise<void> {
    if (held === undefined || this.#open.has(act.id)) return;
    const command = commandOf(act);
    if (command === undefined) {
      // It stays on the board for a newer version, and is not reported again.
      this.#open.set(act.id, act);
      return this.#parts.report(held.folder, POOL_ERRORS.act_unknown(act));
    }
    const paths = this.#pathsOf(held);
    if (!(await answeredIn(paths)).has(act.id)) await leaveCommand(paths, command);
    this.#open.set(act.id, act);
    await this.#parts.wake();
  }

  /** Settles the acts that the published part of the log answers. */
  async settle(held: HeldSession): Promise<void> {
    const open = [...this.#open.values()].filter(({ session }) => session === held.id);
    if (open.length === 0) return;
    const answered = await answeredIn(this.#pathsOf(held), held.n ?? 0);
    const settled = open.filter(({ id }) => answered.has(id));
    await this.#parts.board.settle(settled);
    for (const { id } of settled) this.#open.delete(id);
  }

  /** Drops the acts of a lost session. They are delivered again if this machine gets it back. */
  forget(session: Ulid): void {
    for (const act of this.#open.values()) if (act.session === session) this.#open.delete(act.id);
  }

  #pathsOf({ folder }: HeldSession): SessionPaths {
    return sessionPaths(this.#parts.place.sessionsDir, folder);
  }
}

/** The ids of the commands that the worker has answered, up to event number `upTo`. */
async function answeredIn(
  paths: SessionPaths,
  upTo = Number.POSITIVE_INFINITY,
): Promise<ReadonlySet<string>> {
  const events = (await readEvents(paths, 0)).filter(({ n }) => n <= upTo);
  return new Set(
    events.flatMap((event) =>
      event.type === 'command_accepted' || event.type === 'command_refused' ? [event.id] : [],
    ),
  );
}

/**
 * Sends commands that wait in copies of sessions to the board. Each is kept, and sent again after a lease, until the
 * published log answers it: a board can lose its last writes.
 */
export class ForwardedActs {
  readonly #parts: Pick<MemberParts, 'board' | 'clock' | 'times'>;
  /** Monotonic times. */
  readonly #sentAt = new Map<Ulid, number>();

  constructor(parts: Pick<MemberParts, 'board' | 'clock' | 'times'>) {
    this.#parts = parts;
  }

  async forward(paths: SessionPaths, session: Ulid): Promise<void> {
    const { board, clock, times } = this.#parts;
    const now = clock.monotonic();
    const againMs = times.leaseMs ?? times.renewMs;
    const isDue = (id: Ulid) => now - (this.#sentAt.get(id) ?? Number.NEGATIVE_INFINITY) >= againMs;
    for (const id of pendingCommandIds(paths).filter(isDue)) {
      const reading = await readCommand(paths, id);
      // A command that this version does not know is kept for a newer version.
      if (reading?.kind !== 'command') continue;
      await board.act(session, id, JSON.stringify(reading.command));
      this.#sentAt.set(id, now);
    }
  }

  /** Removes the commands that a newly copied state answers. */
  async settle(paths: SessionPaths): Promise<void> {
    const waiting = pendingCommandIds(paths);
    const answered = waiting.length === 0 ? new Set() : await answeredIn(paths);
    for (const id of waiting) if (answered.has(id)) await removeCommand(paths, id);
  }
}

/** @returns undefined if the act is not a valid command */
function commandOf({ id, command, person }: SentAct): Command | undefined {
  const { data } = Command.safeParse(parseJson(command));
  // Under another id, no answer would settle the act.
  if (data?.id !== id) return undefined;
  // The board authenticates the sender, so its name replaces the one in the command.
  return { ...data, by: { ...data.by, person: person.slice(0, MAX_NAME) } };
}
