import type { SessionView } from '../../../core/session/folder/session-view.ts';
import type { Entry, HostSign, Ulid } from '../board/board.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { readOwnership } from '../states/ownership-record.ts';
import { savedAt } from '../states/pool-states.ts';
import { DailyPrune } from './daily-prune.ts';
import { HeldSessions } from './held-sessions.ts';
import { type MemberParts, viewsOfPool } from './member-parts.ts';
import { FirstOffers } from './offer-first.ts';
import { unmetNeedsOf } from './pool-status.ts';
import { CommandOutbox } from './remote-commands.ts';
import { endHeldHere, SessionCopies } from './session-copies.ts';
import { SessionSteps } from './steps.ts';

const TICK_MS = 200;

/** Takes part in a pool for one project until aborted. The session's row in the database decides every conflict. */
export class Member {
  readonly #parts: MemberParts;
  readonly #steps: SessionSteps;
  readonly #held: HeldSessions;
  readonly #entries = new Map<Ulid, Entry>();
  /** As of the last renewal: asked within one, a session could be given back between what it shows and its use. */
  #hosts: readonly HostSign[] | undefined;
  readonly #outbox: CommandOutbox;
  readonly #offers = new FirstOffers();
  readonly #prune: DailyPrune;
  readonly #copies: SessionCopies;
  #views: () => readonly SessionView[] = () => [];
  #boardAtMs = Number.NEGATIVE_INFINITY;
  #settingsAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: MemberParts) {
    this.#parts = parts;
    this.#prune = new DailyPrune(parts);
    this.#steps = new SessionSteps((id, error) => this.#parts.report(id, error));
    this.#outbox = new CommandOutbox(parts);
    this.#copies = new SessionCopies(parts, this.#outbox, this.#prune);
    this.#held = new HeldSessions(parts, this.#steps, this.#copies);
  }

  /** @param views the sessions of this machine, as last read */
  async run(views: () => readonly SessionView[], signal: AbortSignal): Promise<void> {
    const { board, clock, times } = this.#parts;
    this.#views = views;
    const each = async (ms: number, step: () => unknown) => {
      for (; !signal.aborted; await clock.sleep(ms, signal)) await step();
    };
    const renew = () =>
      this.#renew()
        .catch(async (error: unknown) => {
          this.#parts.report('pool', error);
          if (!POOL_ERRORS.pool_removed.is(error)) return;
          this.#held.loseAll('the database does not admit this machine');
          this.#entries.clear();
          await endHeldHere(this.#poolViews(), this.#parts);
        })
        .finally(() => this.#writeStatus());
    const renewing = async () => {
      for (; !signal.aborted; await board.changed(times.renewMs, signal)) await renew();
    };
    try {
      await Promise.all([
        renewing(),
        each(times.scanMs, () => this.#scanFiles()),
        each(TICK_MS, () => this.#watch()),
      ]);
    } finally {
      await this.#steps.settled();
    }
  }

  async #renew(): Promise<void> {
    const { board, hostInfo, clock } = this.#parts;
    const begun = clock.monotonic();
    this.#readSettings(begun);
    this.#hosts ??= await board.hosts(hostInfo.project);
    const { held: epochs, acts, entries } = await board.renew(hostInfo);
    this.#boardAtMs = begun;
    this.#entries.clear();
    for (const entry of entries) this.#entries.set(entry.id, entry);
    const views = this.#poolViews();
    for (const each of this.#held.all.values()) {
      if (each.sinceMs >= begun) continue;
      if (this.#hasLeft(each.id, views.get(each.id))) this.#held.drop(each.id);
      else if (epochs.get(each.id) !== each.epoch)
        this.#held.lose(each.id, whyLost(each.epoch, this.#entries.get(each.id)));
    }
    this.#held.keepAlive(begun);
    this.#offerLost();
    this.#held.renewed(this.#entries, acts, begun);
    const unmetNeeds = unmetNeedsOf(this.#hosts, this.#parts);
    for (const entry of entries) {
      if (this.#held.all.has(entry.id)) continue;
      const epoch = epochs.get(entry.id);
      const view = views.get(entry.id);
      this.#steps.run(entry.id, () =>
        epoch === undefined
          ? this.#copies.refresh(entry, view, unmetNeeds(entry))
          : // Claimed before this supervisor started.
            this.#held.resume({ ...entry, epoch, host: hostInfo.id }, view),
      );
    }
    const free = this.#held.free(views);
    for (const claim of free > 0 ? await board.claim(hostInfo, free) : []) this.#held.take(claim);
    this.#hosts = await board.hosts(hostInfo.project);
    this.#parts.status.looked(this.#hosts);
    this.#steps.run('retention', () => this.#prune.step([...views.values()]));
  }

  /** Whether a session that ended long ago is no longer in the pool: its own machine removed it, and then its record. */
  #hasLeft(id: Ulid, view: SessionView | undefined): boolean {
    const isGone = view !== undefined && !this.#entries.has(id);
    return isGone && (this.#prune.isDue(view) || readOwnership(view.paths) === undefined);
  }

  /** Reads again what this machine offers. No renewal of a lease waits for that. */
  #readSettings(now: number): void {
    const { times, readAgain, report } = this.#parts;
    if (now - this.#settingsAtMs < (times.settingsMs ?? 60_000)) return;
    this.#settingsAtMs = now;
    void readAgain().catch((error: unknown) => report('settings', error));
  }

  /** Offers sessions again that this machine held last and the board lacks, as they are now. */
  #offerLost(): void {
    for (const [id, view] of this.#poolViews()) {
      const isKnown = this.#entries.has(id) || this.#hasLeft(id, view) || view.worker === 'alive';
      const record = isKnown ? undefined : readOwnership(view.paths);
      if (record !== undefined) this.#steps.run(id, () => this.#offers.again(view, record, this.#parts));
    }
  }

  /** Writes the file behind `samocode pool status`. */
  #writeStatus(): void {
    const { status } = this.#parts;
    const held = this.#held.all;
    const behind = [...this.#poolViews()].flatMap(([id, view]) =>
      held.has(id) && savedAt(view) !== held.get(id)?.from ? [id] : [],
    );
    status.saw(this.#entries.values(), behind);
    status.write();
  }

  /** Publishes new states, forwards commands and offers new sessions that it finds in the session files. */
  #scanFiles(): void {
    for (const [id, view] of this.#poolViews()) {
      if (this.#held.all.has(id)) this.#steps.run(id, () => this.#held.publish(view));
      else if (this.#entries.has(id)) this.#steps.run(id, () => this.#outbox.forward(view.paths, id));
      else if (this.#boardAtMs > 0 && view.state.n === 0) this.#steps.run(id, () => this.#offer(view));
    }
  }

  /** Never blocks: even if a call hangs, the agents must end before another machine may start its own. */
  #watch(): void {
    const { times } = this.#parts;
    const limitMs = times.leaseMs - times.renewMs;
    if (this.#held.all.size > 0 && this.#held.silentMs() > limitMs)
      this.#held.loseAll(`the database could not be reached for ${Math.round(limitMs / 1000)} s`);
  }

  async #offer(view: SessionView): Promise<void> {
    const offered = await this.#offers.offer(view, this.#parts);
    if (offered === undefined) return;
    this.#entries.set(offered.id, offered);
    await this.#outbox.forward(view.paths, offered.id);
  }

  /** The sessions of the pool on this machine, by their id. */
  #poolViews(): ReadonlyMap<Ulid, SessionView> {
    return viewsOfPool(this.#views(), this.#parts.place.sessionsDir);
  }
}

/** Why a renewal lacks a session that this machine has. */
export function whyLost(epoch: number, entry: Entry | undefined): string {
  if (entry !== undefined && entry.epoch >= epoch) return 'another machine has it';
  return 'the database lost its last changes, as after a failover; one iteration may be paid for twice';
}
