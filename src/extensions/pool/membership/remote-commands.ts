import { isSamocodeError } from '../../../core/kernel/errors.ts';
import {
  leaveCommand,
  pendingCommandIds,
  readCommand,
  removeCommand,
} from '../../../core/session/commands/commands.ts';
import { type SessionPaths, sessionPaths } from '../../../core/session/layout/paths.ts';
import { readEvents } from '../../../core/session/log/event-log.ts';
import type { Board, RemoteCommand, Ulid } from '../board/board.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { type ActVerdict, judgeAct, refusedResume, sentText } from './judge-act.ts';
import type { HeldSession, MemberParts } from './member-parts.ts';
import { resumeHere } from './resume-here.ts';
import type { SessionSteps } from './steps.ts';

type DeliveryParts = Pick<MemberParts, 'hostInfo' | 'context' | 'place' | 'report' | 'wake'> & {
  board: Pick<Board, 'settle'>;
};

/** Delivers commands from other machines to sessions held here, and tracks them until the published log answers them. */
export class CommandInbox {
  readonly #parts: DeliveryParts;
  readonly #open = new Map<Ulid, RemoteCommand>();

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** Beside the next renewal, because a judge may look for programs. */
  deliverAll(
    acts: readonly RemoteCommand[],
    held: ReadonlyMap<Ulid, HeldSession>,
    steps: SessionSteps,
  ): void {
    for (const act of acts) {
      // A step, even one that does nothing, would keep this machine from continuing a session that it does not hold yet.
      if (!held.has(act.session) || this.#open.has(act.id)) continue;
      steps.run(act.session, () => this.deliver(act, held.get(act.session)), { waits: true });
    }
  }

  async deliver(act: RemoteCommand, held: HeldSession | undefined): Promise<void> {
    if (held === undefined || this.#open.has(act.id)) return;
    const { hostInfo, report, wake } = this.#parts;
    const verdict = judgeAct(act, hostInfo.name);
    const paths = this.#pathsOf(held);
    if (verdict.kind === 'unknown') report(held.folder, POOL_ERRORS.act_unknown(act));
    else if (!(await answeredIn(paths)).has(act.id)) await this.#leave(verdict, paths);
    // An unknown act stays on the board for a newer version, and is not reported again.
    this.#open.set(act.id, act);
    if (verdict.kind !== 'unknown') await wake();
  }

  /** Queues what an act asks for, or the reason why this machine does not do that. */
  async #leave(verdict: Exclude<ActVerdict, { kind: 'unknown' }>, paths: SessionPaths): Promise<void> {
    const { hostInfo, report } = this.#parts;
    if (verdict.kind === 'command') return await leaveCommand(paths, verdict.command);
    if (verdict.kind === 'resume') {
      const { asked } = verdict;
      const resume = await resumeHere(asked, paths, this.#parts).catch((error: unknown) => {
        if (isSamocodeError(error)) return refusedResume(asked, error, hostInfo.name);
        throw error;
      });
      return await leaveCommand(paths, resume);
    }
    report(paths.folder, verdict.error);
    await leaveCommand(paths, verdict.refusal);
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
export class CommandOutbox {
  readonly #parts: Pick<MemberParts, 'board' | 'clock' | 'times'>;
  /** Monotonic times. */
  readonly #sentAt = new Map<Ulid, number>();

  constructor(parts: Pick<MemberParts, 'board' | 'clock' | 'times'>) {
    this.#parts = parts;
  }

  async forward(paths: SessionPaths, session: Ulid): Promise<void> {
    const { board, clock, times } = this.#parts;
    const now = clock.monotonic();
    const isDue = (id: Ulid) => now - (this.#sentAt.get(id) ?? Number.NEGATIVE_INFINITY) >= times.leaseMs;
    for (const id of pendingCommandIds(paths).filter(isDue)) {
      const reading = await readCommand(paths, id);
      // A command that this version does not know is kept for a newer version.
      if (reading?.kind !== 'command') continue;
      await board.act(session, id, sentText(reading.command));
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
