import { unseenOwner } from '../../../core/kernel/processes/lease.ts';
import { ownedElsewhere, takeHere } from '../../../core/session/folder/ownership.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { type SessionPaths, sessionPaths } from '../../../core/session/layout/paths.ts';
import type { Claim, Entry, HostSign, Oid, Ulid } from '../board/board.ts';
import { sessionRef } from '../board/git-remote.ts';
import { standingIn } from '../members/member-list.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { leftBehind } from '../states/left-behind.ts';
import { readMark, removePoolUntil, writeMark, writePoolUntil } from '../states/mark.ts';
import { isHeldUp, isQueued, isWanted, needsOf, savedAt } from '../states/pool-states.ts';
import { restoreForWork } from '../states/restore-state.ts';
import { DailyPrune } from './daily-prune.ts';
import { DeliveredActs, ForwardedActs } from './delivered-acts.ts';
import { hostSettings } from './host-settings.ts';
import { claimAbove, indexAgain, whyLost } from './lost-writes.ts';
import { type HeldSession, type MemberParts, MembersLook, viewsOfPool } from './member-parts.ts';
import {
  copyPlan,
  fenceMarked,
  fetchState,
  findSent,
  goneError,
  Mirrors,
  reportMoved,
  tipOf,
  unheldOwner,
} from './mirrors.ts';
import { FirstOffers } from './offer-first.ts';
import { unmetNeedsOf } from './pool-status.ts';
import { SessionSteps } from './steps.ts';

const TICK_MS = 200;

/** Takes part in a pool for one project until aborted. The session's ref on the remote decides every conflict. */
export class Member {
  readonly #parts: MemberParts;
  readonly #held = new Map<Ulid, HeldSession>();
  readonly #steps: SessionSteps;
  readonly #taking = new Set<Ulid>();
  readonly #entries = new Map<Ulid, Entry>();
  /** As of the last renewal: asked within one, a session could be given back between what it shows and its use. */
  #hosts: readonly HostSign[] | undefined;
  /** The epochs of the sessions that this machine lost. */
  readonly #lost = new Map<Ulid, number>();
  readonly #acts: DeliveredActs;
  readonly #sentActs: ForwardedActs;
  readonly #offers = new FirstOffers();
  readonly #prune: DailyPrune;
  readonly #mirrors: Mirrors;
  readonly #look: MembersLook;
  #views: () => readonly SessionView[] = () => [];
  #boardAtMs = Number.NEGATIVE_INFINITY;
  #remoteAtMs = Number.NEGATIVE_INFINITY;
  #readingRefs: Promise<void> | undefined;

  constructor(parts: MemberParts) {
    this.#parts = parts;
    this.#acts = new DeliveredActs(parts);
    this.#prune = new DailyPrune(parts);
    this.#steps = new SessionSteps((id, error) => this.#parts.report(id, error));
    this.#sentActs = new ForwardedActs(parts);
    this.#look = new MembersLook(parts);
    this.#mirrors = new Mirrors(parts, this.#sentActs, this.#prune);
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
          if (POOL_ERRORS.pool_removed.is(error)) this.#loseAll('an owner of the pool removed this machine');
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
    const { board, card, clock } = this.#parts;
    const begun = clock.monotonic();
    this.#hosts ??= await board.hosts(card.project);
    const { held, acts, entries } = await board.renew(card);
    this.#boardAtMs = begun;
    this.#entries.clear();
    for (const entry of entries) this.#entries.set(entry.id, entry);
    const views = this.#poolViews();
    for (const each of this.#held.values()) {
      if (each.sinceMs >= begun) continue;
      if (this.#hasLeft(each.id, views.get(each.id))) this.#held.delete(each.id);
      else if (held.get(each.id) !== each.epoch || this.#isMoved(each))
        this.#lose(each.id, whyLost(each, this.#entries.get(each.id)));
    }
    this.#keepAlive(begun);
    this.#offerLost();
    for (const each of this.#held.values())
      this.#steps.run(each.id, async () => {
        await this.#reclaim(each);
        await indexAgain(each, this.#entries.get(each.id), { begun, host: card.id, board });
        await this.#acts.settle(each);
      });
    this.#acts.deliverAll(acts, this.#held, this.#steps);
    // Without leases, no machine takes a session automatically, and `pool take` reports what its machine lacks.
    const isManual = this.#leaseMs === undefined;
    const unmetNeeds = isManual ? () => ({ needs: [] }) : unmetNeedsOf(this.#hosts, this.#parts);
    for (const entry of entries) {
      const epoch = held.get(entry.id);
      if (epoch === undefined && !this.#held.has(entry.id))
        this.#steps.run(entry.id, () => this.#mirrors.show(entry, views.get(entry.id), unmetNeeds(entry)));
      // Claimed before this supervisor started.
      if (epoch !== undefined && !this.#held.has(entry.id))
        this.#steps.run(entry.id, () => this.#continueHeld({ ...entry, epoch, host: card.id }));
    }
    const free = this.#free();
    for (const claim of free > 0 ? await board.claim(card, free) : []) {
      this.#taking.add(claim.id);
      this.#steps.run(claim.id, () => this.#take(claim), { waits: true });
    }
    this.#hosts = await board.hosts(card.project);
    this.#parts.status.looked(this.#hosts);
    this.#steps.run('retention', () => this.#prune.step([...views.values()]));
  }

  /** Whether a session that ended long ago is no longer in the pool: its own machine removed it, and then its mark. */
  #hasLeft(id: Ulid, view: SessionView | undefined): boolean {
    const isGone = view !== undefined && !this.#entries.has(id);
    return isGone && (this.#prune.isDue(view) || readMark(view.paths) === undefined);
  }

  /** Whether the remote shows a state that this machine did not publish. A database can lag behind the remote. */
  #isMoved({ id, published, sending }: HeldSession): boolean {
    const there = this.#entries.get(id)?.state;
    return this.#leaseMs === undefined && there !== published && there !== sending;
  }

  /** Whether this machine may take part, by the list that it accepted last. Ends its agents once an owner has removed it. */
  async #isMember(): Promise<boolean> {
    const { lists, card, report } = this.#parts;
    await this.#look.ifDue({ isHolding: this.#held.size > 0 });
    const standing = standingIn(await lists.kept(), card.id);
    if (standing === 'member') return true;
    this.#loseAll('an owner of the pool removed this machine');
    this.#boardAtMs = Number.NEGATIVE_INFINITY;
    this.#look.again();
    this.#entries.clear();
    if (standing === 'removed') await fenceMarked(this.#poolViews(), this.#parts);
    if (standing === 'removed') report('pool', POOL_ERRORS.pool_removed({ host: card.name }));
    return false;
  }

  /** Offers sessions again that this machine held last and the board lacks; reports those whose ref is gone. */
  #offerLost(): void {
    const { board, card } = this.#parts;
    for (const [id, view] of this.#poolViews()) {
      const { folder, paths, sessionFile } = view;
      const mark = this.#entries.has(id) || this.#hasLeft(id, view) ? undefined : readMark(paths);
      if (mark === undefined || sessionFile === undefined) continue;
      this.#steps.run(id, async () => {
        const state = await tipOf(id, this.#parts);
        if (state === undefined) throw goneError(mark, this.#parts);
        await board.offer({ id, project: card.project, folder, needs: needsOf(sessionFile), state });
      });
    }
  }

  /** Writes the file behind `samocode pool status`. */
  #writeStatus(): void {
    const { status } = this.#parts;
    const behind = [...this.#poolViews()].flatMap(([id, view]) =>
      this.#held.has(id) && savedAt(view) !== this.#held.get(id)?.from ? [id] : [],
    );
    status.saw(this.#entries.values(), behind);
    status.write();
  }

  /** The number of sessions that may be claimed: none while a session that this machine holds waits for a slot, or for a kept window. */
  #free(): number {
    const views = this.#poolViews();
    const active = [...this.#held.keys()].flatMap((id) => views.get(id) ?? []).filter(isWanted);
    const { slots, isLeaving } = this.#parts;
    return isLeaving || active.some(isHeldUp) ? 0 : slots - active.length - this.#taking.size;
  }

  /** Publishes new states, forwards commands and offers new sessions that it finds in the session files. */
  #scanFiles(): void {
    for (const [id, view] of this.#poolViews()) {
      if (this.#held.has(id)) this.#steps.run(id, () => this.#publish(view));
      else if (this.#entries.has(id)) this.#steps.run(id, () => this.#sentActs.forward(view.paths, id));
      else if (this.#boardAtMs > 0 && view.state.n === 0) this.#steps.run(id, () => this.#offer(view));
    }
  }

  /** Never blocks: even if a call hangs, the agents must end before another machine may start its own. */
  #watch(): void {
    const { clock, times } = this.#parts;
    const leaseMs = this.#leaseMs;
    if (leaseMs === undefined || this.#held.size === 0) return;
    const silentMs = clock.monotonic() - Math.max(this.#boardAtMs, this.#remoteAtMs);
    if (silentMs > leaseMs - times.renewMs) {
      this.#loseAll(`neither board nor remote could be reached for ${Math.round(silentMs / 1000)} s`);
    } else if (clock.monotonic() - this.#boardAtMs > leaseMs / 3) {
      const done = () => {
        this.#readingRefs = undefined;
      };
      this.#readingRefs ??= this.#readRefs().then(done, done);
    }
  }

  /** Detects take-overs without the board: a machine moves the ref of a session before it starts an agent for it. */
  async #readRefs(): Promise<void> {
    const { clock, remote } = this.#parts;
    const begun = clock.monotonic();
    const refs = await remote.list(sessionRef('*'));
    this.#remoteAtMs = begun;
    for (const { id, published, sending, sinceMs } of this.#held.values()) {
      const there = refs.get(sessionRef(id));
      if (sinceMs < begun && there !== published && there !== sending)
        this.#lose(id, 'its ref was moved while the board could not be reached');
    }
    this.#keepAlive(begun);
    await clock.sleep(this.#parts.times.scanMs);
  }

  #keepAlive(contactMs: number): void {
    const { clock, host, times } = this.#parts;
    const leaseMs = this.#leaseMs;
    for (const { folder } of this.#held.values()) {
      const paths = this.#pathsOf(folder);
      if (leaseMs === undefined) removePoolUntil(paths);
      else writePoolUntil(paths, leaseMs - times.renewMs - (clock.monotonic() - contactMs), host);
    }
  }

  #loseAll(why: string): void {
    for (const id of this.#held.keys()) this.#lose(id, why);
  }

  #lose(id: Ulid, why: string): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    this.#held.delete(id);
    this.#lost.set(id, held.epoch);
    this.#mirrors.forget(id);
    this.#acts.forget(id);
    const { clock, report, say } = this.#parts;
    const fenced = ownedElsewhere(this.#pathsOf(held.folder), 'another machine', { clock });
    // Queued before any other step of this session.
    this.#steps.run(id, () => fenced.catch((error: unknown) => report(held.folder, error)), { waits: true });
    say(`${held.folder}: this machine lost the session (${why}); its agent ends`);
  }

  async #publish(view: SessionView): Promise<void> {
    const { board, remote, states, card, clock, times } = this.#parts;
    const held = this.#held.get(view.sessionFile?.id ?? '');
    if (held === undefined || clock.monotonic() < (held.againAtMs ?? 0)) return;
    const saved = savedAt(view);
    await findSent(held, this.#parts);
    if (saved === held.from) return await this.#giveBack(view, held);
    const made = await states.publish(view, held);
    if (made === undefined) return;
    const { commit, note } = made;
    held.sending = commit;
    this.#mark(held);
    const how = await remote.move(sessionRef(held.id), commit, held.published);
    if (how === 'refused') this.#lose(held.id, 'another machine has published it');
    // Each try makes a commit, and an outage may last for hours.
    if (how === 'unreachable') held.againAtMs = clock.monotonic() + times.renewMs;
    if (how !== 'moved') return;
    const sinceMs = clock.monotonic();
    Object.assign(held, { published: commit, sending: undefined, from: saved, n: note.n, sinceMs });
    this.#mark(held);
    const mine = { id: held.id, epoch: held.epoch, host: card.id };
    held.card = { ...note.card, wanted: note.wanted };
    if (!(await board.index(mine, commit, held.card))) return this.#lose(held.id, 'another machine has it');
    await this.#acts.settle(held);
  }

  /** Gives back any session when leaving; with a database also one that waits for a slot, which another may have. */
  async #giveBack(view: SessionView, held: HeldSession): Promise<void> {
    const { board, card, clock, isLeaving, states } = this.#parts;
    const isForAnother = this.#leaseMs !== undefined && isQueued(view);
    if (view.worker !== 'none' || !(isLeaving || isForAnother)) return;
    // This stops new workers. If one has recorded something by then, that is published first.
    await ownedElsewhere(view.paths, unheldOwner(this.#parts), { clock });
    const rest = { wanted: isWanted(view), state: held.published };
    const isGiven =
      (await states.isNewest(view)) &&
      (await board.giveBack({ id: held.id, epoch: held.epoch, host: card.id }, rest));
    if (!isGiven) return await this.#claim(view.paths);
    this.#held.delete(held.id);
    this.#parts.say(`${held.folder}: given back to the pool`);
  }

  async #offer(view: SessionView): Promise<void> {
    const offered = await this.#offers.offer(view, this.#parts);
    if (offered === undefined) return;
    this.#entries.set(offered.id, offered);
    await this.#sentActs.forward(view.paths, offered.id);
  }

  async #take(given: Claim): Promise<void> {
    const { board, clock, remote, states, times, say } = this.#parts;
    let claim = given;
    let back: Oid | undefined;
    try {
      const published = await fetchState(claim.id, this.#parts);
      back = published.commit;
      claim = await claimAbove(published.note, claim, board);
      const { settings } = await states.sessionFileIn(published.commit);
      const own = hostSettings(settings, await this.#parts.ownSettings());
      const copy = await restoreForWork(copyPlan(published, this.#parts), own);
      reportMoved(copy, say);
      const commit = claim.moved ?? (await states.claimed(published, claim));
      if (claim.moved === undefined) {
        const how = await remote.move(sessionRef(claim.id), commit, published.commit);
        if (how !== 'moved') throw POOL_ERRORS.pool_not_moved({ folder: claim.folder, how });
      }
      back = commit;
      if (claim.from !== undefined) await clock.sleep(times.graceMs);
      const sinceMs = clock.monotonic();
      const held = { id: claim.id, epoch: claim.epoch, folder: copy.folder, published: commit, sinceMs };
      this.#mark(held);
      this.#held.set(claim.id, held);
      this.#keepAlive(Math.max(this.#boardAtMs, this.#remoteAtMs));
      await this.#claim(this.#pathsOf(copy.folder));
      for (const sentence of leftBehind(published.note.left)) say(`${copy.folder}: ${sentence}`);
      say(`${copy.folder}: this machine has the session now${claim.from ? ` (before: ${claim.from})` : ''}`);
    } catch (error) {
      this.#parts.report(claim.folder, error);
      if (back !== undefined)
        await board.giveBack(claim, { wanted: true, state: back, notBeforeMs: 2 * (this.#leaseMs ?? 0) });
    } finally {
      this.#taking.delete(claim.id);
    }
  }

  /** Resumes a held session after a supervisor restart, from its mark if that is current, or by taking it again. */
  async #continueHeld(claim: Claim): Promise<void> {
    const view = this.#poolViews().get(claim.id);
    const mark = view && readMark(view.paths);
    const there = await tipOf(claim.id, this.#parts);
    if (mark !== undefined && there === undefined) throw goneError(mark, this.#parts);
    // The mark may be older than the ref, for example after a restore from a backup.
    const isOurs = there !== undefined && (there === mark?.published || there === mark?.sending);
    if (!isOurs && this.#leaseMs === undefined && this.#lost.get(claim.id) === claim.epoch)
      throw POOL_ERRORS.state_replaced({ session: claim.folder });
    if (view === undefined || mark?.epoch !== claim.epoch || !isOurs)
      return await this.#take({ ...claim, from: 'unknown' });
    const held = { id: claim.id, epoch: claim.epoch, folder: view.folder, published: there };
    this.#held.set(claim.id, { ...held, sinceMs: this.#parts.clock.monotonic() });
  }

  /** Claims the lease again if the worker ended itself before this machine could renew it. */
  async #reclaim(held: HeldSession): Promise<void> {
    const paths = this.#pathsOf(held.folder);
    const isEnded = (await unseenOwner(paths.leases, this.#parts.host)) !== undefined;
    if (isEnded && this.#held.get(held.id) === held) await this.#claim(paths);
  }

  get #leaseMs(): number | undefined {
    return this.#parts.times.leaseMs;
  }

  #mark({ id, epoch, folder, published, sending }: HeldSession): void {
    writeMark(this.#pathsOf(folder), { id, epoch, published, sending, host: this.#parts.card.name });
  }

  async #claim(paths: SessionPaths): Promise<void> {
    await takeHere(paths, this.#parts);
    await this.#parts.wake();
  }

  /** The sessions of the pool on this machine, by their id. */
  #poolViews(): ReadonlyMap<Ulid, SessionView> {
    return viewsOfPool(this.#views(), this.#parts.place.sessionsDir);
  }

  #pathsOf(folder: string): SessionPaths {
    return sessionPaths(this.#parts.place.sessionsDir, folder);
  }
}
