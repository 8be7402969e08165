import { parseJson } from '../base/parse-json.ts';
import {
  Command,
  leaveCommand,
  pendingCommandIds,
  readCommand,
  removeCommand,
} from '../session/commands/commands.ts';
import { readEvents } from '../session/events/event-log.ts';
import { type SessionPaths, sessionPaths } from '../session/layout/paths.ts';
import type { Board, SentAct, Ulid } from './board.ts';
import type { HeldSession, MemberParts } from './member-parts.ts';

const MAX_NAME = 100;

/** What other machines have sent to sessions that this one has, from delivery until the published log answers it. */
export class ActsAtHand {
  readonly #parts: Pick<MemberParts, 'board' | 'place' | 'report' | 'wake'>;
  readonly #open = new Map<Ulid, SentAct>();

  constructor(parts: Pick<MemberParts, 'board' | 'place' | 'report' | 'wake'>) {
    this.#parts = parts;
  }

  async deliver(act: SentAct, held: HeldSession | undefined): Promise<void> {
    if (held === undefined || this.#open.has(act.id)) return;
    const command = commandOf(act);
    if (command === undefined) {
      this.#parts.report(held.folder, new Error(`What ${act.person} sent is no command: ${act.id}`));
      return await this.#parts.board.settle([act]);
    }
    const paths = this.#pathsOf(held);
    if (!(await answeredIn(paths)).has(act.id)) await leaveCommand(paths, command);
    this.#open.set(act.id, act);
    await this.#parts.wake();
  }

  /** Those that the log answers as far as it is published. */
  async settle(held: HeldSession): Promise<void> {
    const open = [...this.#open.values()].filter(({ session }) => session === held.id);
    if (open.length === 0) return;
    const answered = await answeredIn(this.#pathsOf(held), held.n ?? 0);
    const settled = open.filter(({ id }) => answered.has(id));
    await this.#parts.board.settle(settled);
    for (const { id } of settled) this.#open.delete(id);
  }

  /** They are delivered again if their session comes back. */
  forget(session: Ulid): void {
    for (const act of this.#open.values()) if (act.session === session) this.#open.delete(act.id);
  }

  #pathsOf({ folder }: HeldSession): SessionPaths {
    return sessionPaths(this.#parts.place.sessionsDir, folder);
  }
}

/** The commands that the worker has answered, up to that event. */
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

/** Sends the commands that wait in a mirror to the board. */
export async function passOn(paths: SessionPaths, session: Ulid, board: Pick<Board, 'act'>): Promise<void> {
  for (const id of pendingCommandIds(paths)) {
    const reading = await readCommand(paths, id);
    // What this version does not know stays, for a newer one.
    if (reading?.kind !== 'command') continue;
    await board.act(session, id, JSON.stringify(reading.command));
    await removeCommand(paths, id);
  }
}

/** @returns undefined for what is no command */
function commandOf({ command, person }: SentAct): Command | undefined {
  const { data } = Command.safeParse(parseJson(command));
  // Who acted is what the board knows, whatever the sender wrote.
  return data && { ...data, by: { ...data.by, person: person.slice(0, MAX_NAME) } };
}
