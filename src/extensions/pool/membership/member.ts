import type { SessionView } from '../../../core/session/folder/session-view.ts';
import type { Entry, HostSign, Ulid } from '../board/board.ts';
import { sessionRef } from '../board/git-remote.ts';
import { standingIn } from '../members/member-list.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { readOwnership } from '../states/ownership-record.ts';
import { needsOf, savedAt } from '../states/pool-states.ts';
import { DailyPrune } from './daily-prune.ts';
import { HeldSessions } from './held-sessions.ts';
import { whyLost } from './lost-writes.ts';
import { type HeldSession, type MemberParts, MembersLook, viewsOfPool } from './member-parts.ts';
import { FirstOffers } from './offer-first.ts';
import { unmetNeedsOf } from './pool-status.ts';
import { CommandOutbox } from './remote-commands.ts';
import { endHeldHere, goneError, SessionCopies, tipOf } from './session-copies.ts';
import { SessionSteps } from './steps.ts';

const TICK_MS = 200;
const REMOVED = 'an owner of the pool removed this machine';

/** Takes part in a pool for one project until aborted. The session's ref on the remote decides every conflict. */
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
  readonly #look: MembersLook;
  #views: () => readonly SessionView[] = () => [];
  #boardAtMs = Number.NEGATIVE_INFINITY;
  #readingRefs: Promise<void> | undefined;

  constructor(parts: MemberParts) {
    this.#parts = parts;
    this.#prune = new DailyPrune(parts);
    this.#steps = new SessionSteps((id, error) => this.#parts.report(id, error));
    this.#outbox = new CommandOutbox(parts);
    this.#look = new MembersLook(parts);
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
        .catch((error: unknown) => {
          this.#parts.report('pool', error);
          if (POOL_ERRORS.pool_removed.is(error)) this.#held.loseAll(REMOVED);
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
    if (!(await this.#isMember())) return;
    const { board, hostInfo, clock } = this.#parts;
    const begun = clock.monotonic();
    this.#hosts ??= await board.hosts(hostInfo.project);
    const { held: epochs, acts, entries } = await board.renew(hostInfo);
    this.#boardAtMs = begun;
    this.#entries.clear();
    for (const entry of entries) this.#entries.set(entry.id, entry);
    const views = this.#poolViews();
    for (const each of this.#held.all.values()) {
      if (each.sinceMs >= begun) continue;
      if (this.#hasLeft(each.id, views.get(each.id))) this.#held.drop(each.id);
      else if (epochs.get(each.id) !== each.epoch || this.#isMoved(each))
        this.#held.lose(each.id, whyLost(each, this.#entries.get(each.id)));
    }
    this.#held.keepAlive(begun);
    this.#offerLost();
    this.#held.renewed(this.#entries, acts, begun);
    // Without leases, no machine takes a session automatically, and `pool take` reports what its machine lacks.
    const isManual = this.#parts.times.leaseMs === undefined;
    const unmetNeeds = isManual ? () => ({ needs: [] }) : unmetNeedsOf(this.#hosts, this.#parts);
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

  /** Whether the remote shows a state that this machine did not publish. A database can lag behind the remote. */
  #isMoved({ id, published, sending }: HeldSession): boolean {
    const there = this.#entries.get(id)?.state;
    return this.#parts.times.leaseMs === undefined && there !== published && there !== sending;
  }

  /** Whether this machine may take part, by the list that it accepted last. Ends its agents once an owner has removed it. */
  async #isMember(): Promise<boolean> {
    const { lists, hostInfo, report } = this.#parts;
    await this.#look.ifDue({ isHolding: this.#held.all.size > 0 });
    const standing = standingIn(await lists.kept(), hostInfo.id);
    if (standing === 'member') return true;
    this.#held.loseAll(REMOVED);
    this.#boardAtMs = Number.NEGATIVE_INFINITY;
    this.#look.again();
    this.#entries.clear();
    if (standing === 'removed') await endHeldHere(this.#poolViews(), this.#parts);
    if (standing === 'removed') report('pool', POOL_ERRORS.pool_removed({ host: hostInfo.name }));
    return false;
  }

  /** Offers sessions again that this machine held last and the board lacks; reports those whose ref is gone. */
  #offerLost(): void {
    const { board, hostInfo } = this.#parts;
    for (const [id, view] of this.#poolViews()) {
      const { folder, paths, sessionFile } = view;
      const record = this.#entries.has(id) || this.#hasLeft(id, view) ? undefined : readOwnership(paths);
      if (record === undefined || sessionFile === undefined) continue;
      this.#steps.run(id, async () => {
        const state = await tipOf(id, this.#parts);
        if (state === undefined) throw goneError(record, this.#parts);
        await board.offer({ id, project: hostInfo.project, folder, needs: needsOf(sessionFile), state });
      });
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
    const { clock, times } = this.#parts;
    const { leaseMs, renewMs } = times;
    if (leaseMs === undefined || this.#held.all.size === 0) return;
    const limitMs = leaseMs - renewMs;
    if (this.#held.silentMs() > limitMs) {
      this.#held.loseAll(`neither board nor remote could be reached for ${Math.round(limitMs / 1000)} s`);
    } else if (clock.monotonic() - this.#boardAtMs > leaseMs / 3) {
      const done = () => {
        this.#readingRefs = undefined;
      };
      this.#readingRefs ??= this.#readRefs().then(done, done);
    }
  }

  /** Detects take-overs without the board: a machine moves the ref of a session before it starts an agent for it. */
  async #readRefs(): Promise<void> {
    const { clock, remote, times } = this.#parts;
    const begun = clock.monotonic();
    const refs = await remote.list(sessionRef('*'));
    for (const { id, published, sending, sinceMs } of this.#held.all.values()) {
      const there = refs.get(sessionRef(id));
      if (sinceMs < begun && there !== published && there !== sending)
        this.#held.lose(id, 'its ref was moved while the board could not be reached');
    }
    this.#held.keepAlive(begun);
    await clock.sleep(times.scanMs);
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
