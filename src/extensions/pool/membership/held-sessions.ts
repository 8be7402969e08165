import { unseenOwner } from '../../../core/kernel/processes/lease.ts';
import { ownedElsewhere, takeHere } from '../../../core/session/folder/ownership.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { type SessionPaths, sessionPaths } from '../../../core/session/layout/paths.ts';
import type { Claim, Entry, Oid, RemoteCommand, Ulid } from '../board/board.ts';
import { sessionRef } from '../board/git-remote.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { leftBehind } from '../states/left-behind.ts';
import {
  readOwnership,
  removePoolUntil,
  writeOwnership,
  writePoolUntil,
} from '../states/ownership-record.ts';
import { isHeldUp, isQueued, isWanted, savedAt } from '../states/pool-states.ts';
import { restoreForWork } from '../states/restore-state.ts';
import { hostSettings } from './host-settings.ts';
import { claimAbove, indexAgain } from './lost-writes.ts';
import type { HeldSession, MemberParts } from './member-parts.ts';
import { CommandInbox } from './remote-commands.ts';
import {
  copyPlan,
  fetchState,
  findSent,
  goneError,
  reportMoved,
  type SessionCopies,
  tipOf,
  unheldOwner,
} from './session-copies.ts';
import type { SessionSteps } from './steps.ts';

/** The sessions of the pool that this machine has: how it takes, publishes, gives back and loses them. */
export class HeldSessions {
  readonly #parts: MemberParts;
  readonly #steps: SessionSteps;
  readonly #copies: Pick<SessionCopies, 'forget'>;
  readonly #inbox: CommandInbox;
  readonly #held = new Map<Ulid, HeldSession>();
  readonly #taking = new Set<Ulid>();
  /** The epochs of the sessions that this machine lost. */
  readonly #lost = new Map<Ulid, number>();
  #contactMs = Number.NEGATIVE_INFINITY;

  constructor(parts: MemberParts, steps: SessionSteps, copies: Pick<SessionCopies, 'forget'>) {
    this.#parts = parts;
    this.#steps = steps;
    this.#copies = copies;
    this.#inbox = new CommandInbox(parts);
  }

  get all(): ReadonlyMap<Ulid, HeldSession> {
    return this.#held;
  }

  /** The number of sessions that may be claimed: none while a session that this machine holds waits for a slot, or for a kept window. */
  free(views: ReadonlyMap<Ulid, SessionView>): number {
    const active = [...this.#held.keys()].flatMap((id) => views.get(id) ?? []).filter(isWanted);
    const { slots, isLeaving } = this.#parts;
    return isLeaving || active.some(isHeldUp) ? 0 : slots - active.length - this.#taking.size;
  }

  /** The time since the board or the remote last showed that this machine has its sessions. */
  silentMs(): number {
    return this.#parts.clock.monotonic() - this.#contactMs;
  }

  /** Lets the workers continue until one renewal before the lease ends, counted from the last contact; without leases, without a limit. @param contactMs monotonic time of a contact */
  keepAlive(contactMs = this.#contactMs): void {
    this.#contactMs = Math.max(this.#contactMs, contactMs);
    const { host, times } = this.#parts;
    for (const { folder } of this.#held.values()) {
      const paths = this.#pathsOf(folder);
      if (times.leaseMs === undefined) removePoolUntil(paths);
      else writePoolUntil(paths, times.leaseMs - times.renewMs - this.silentMs(), host);
    }
  }

  /** Does what is due for each after a renewal. @param begun monotonic time of the renewal with `entries` */
  renewed(entries: ReadonlyMap<Ulid, Entry>, acts: readonly RemoteCommand[], begun: number): void {
    const { board, hostInfo } = this.#parts;
    for (const each of this.#held.values())
      this.#steps.run(each.id, async () => {
        await this.#reclaim(each);
        await indexAgain(each, entries.get(each.id), { begun, host: hostInfo.id, board });
        await this.#inbox.settle(each);
      });
    this.#inbox.deliverAll(acts, this.#held, this.#steps);
  }

  /** Drops a session that its own machine removed from the pool. */
  drop(id: Ulid): void {
    this.#held.delete(id);
  }

  loseAll(why: string): void {
    // Where there are leases, one that is being taken must not start on an earlier contact.
    this.#contactMs = Number.NEGATIVE_INFINITY;
    for (const id of this.#held.keys()) this.lose(id, why);
  }

  lose(id: Ulid, why: string): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    this.#held.delete(id);
    this.#lost.set(id, held.epoch);
    this.#copies.forget(id);
    this.#inbox.forget(id);
    const { report, say } = this.#parts;
    const ended = ownedElsewhere(this.#pathsOf(held.folder), 'another machine', this.#parts);
    // Queued before any other step of this session.
    this.#steps.run(id, () => ended.catch((error: unknown) => report(held.folder, error)), { waits: true });
    say(`${held.folder}: this machine lost the session (${why}); its agent ends`);
  }

  async publish(view: SessionView): Promise<void> {
    const { board, remote, states, hostInfo, clock, times } = this.#parts;
    const held = this.#held.get(view.sessionFile?.id ?? '');
    if (held === undefined || clock.monotonic() < (held.againAtMs ?? 0)) return;
    const saved = savedAt(view);
    await findSent(held, this.#parts);
    if (saved === held.from) return await this.#giveBack(view, held);
    const made = await states.publish(view, held);
    if (made === undefined) return;
    const { commit, manifest } = made;
    held.sending = commit;
    this.#record(held);
    const how = await remote.move(sessionRef(held.id), commit, held.published);
    if (how === 'refused') this.lose(held.id, 'another machine has published it');
    // Each try makes a commit, and an outage may last for hours.
    if (how === 'unreachable') held.againAtMs = clock.monotonic() + times.renewMs;
    if (how !== 'moved') return;
    const sinceMs = clock.monotonic();
    Object.assign(held, { published: commit, sending: undefined, from: saved, n: manifest.n, sinceMs });
    this.#record(held);
    const mine = { id: held.id, epoch: held.epoch, host: hostInfo.id };
    held.summary = { ...manifest.card, wanted: manifest.wanted };
    if (!(await board.index(mine, commit, held.summary))) return this.lose(held.id, 'another machine has it');
    await this.#inbox.settle(held);
  }

  /** Gives back any session when leaving; with a database also one that waits for a slot, which another may have. */
  async #giveBack(view: SessionView, held: HeldSession): Promise<void> {
    const { board, hostInfo, isLeaving, states, times } = this.#parts;
    const isForAnother = times.leaseMs !== undefined && isQueued(view);
    if (view.worker !== 'none' || !(isLeaving || isForAnother)) return;
    // This stops new workers. If one has recorded something by then, that is published first.
    await ownedElsewhere(view.paths, unheldOwner(this.#parts), this.#parts);
    const rest = { wanted: isWanted(view), state: held.published };
    const isGiven =
      (await states.isNewest(view)) &&
      (await board.giveBack({ id: held.id, epoch: held.epoch, host: hostInfo.id }, rest));
    if (!isGiven) return await this.#takeHere(view.paths);
    this.#held.delete(held.id);
    this.#parts.say(`${held.folder}: given back to the pool`);
  }

  take(claim: Claim): void {
    this.#taking.add(claim.id);
    const taken = () => this.#take(claim).finally(() => this.#taking.delete(claim.id));
    this.#steps.run(claim.id, taken, { waits: true });
  }

  async #take(given: Claim): Promise<void> {
    const { board, clock, remote, states, times, say } = this.#parts;
    let claim = given;
    let back: Oid | undefined;
    try {
      const published = await fetchState(claim.id, this.#parts);
      back = published.commit;
      claim = await claimAbove(published.manifest, claim, board);
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
      this.#record(held);
      this.#held.set(claim.id, held);
      this.keepAlive();
      await this.#takeHere(this.#pathsOf(copy.folder));
      for (const sentence of leftBehind(published.manifest.left)) say(`${copy.folder}: ${sentence}`);
      say(`${copy.folder}: this machine has the session now${claim.from ? ` (before: ${claim.from})` : ''}`);
    } catch (error) {
      this.#parts.report(claim.folder, error);
      if (back !== undefined)
        await board.giveBack(claim, { wanted: true, state: back, notBeforeMs: 2 * (times.leaseMs ?? 0) });
    }
  }

  /** Resumes a held session after a supervisor restart, from its record if that is current, or by taking it again. */
  async resume(claim: Claim, view: SessionView | undefined): Promise<void> {
    const record = view && readOwnership(view.paths);
    const there = await tipOf(claim.id, this.#parts);
    if (record !== undefined && there === undefined) throw goneError(record, this.#parts);
    // The record may be older than the ref, for example after a restore from a backup.
    const isOurs = there !== undefined && (there === record?.published || there === record?.sending);
    const { clock, times } = this.#parts;
    if (!isOurs && times.leaseMs === undefined && this.#lost.get(claim.id) === claim.epoch)
      throw POOL_ERRORS.state_replaced({ session: claim.folder });
    if (view === undefined || record?.epoch !== claim.epoch || !isOurs)
      return await this.#take({ ...claim, from: 'unknown' });
    const held = { id: claim.id, epoch: claim.epoch, folder: view.folder, published: there };
    this.#held.set(claim.id, { ...held, sinceMs: clock.monotonic() });
  }

  /** Takes the lease again if the worker has exited before this machine could renew it. */
  async #reclaim(held: HeldSession): Promise<void> {
    const paths = this.#pathsOf(held.folder);
    const isEnded = (await unseenOwner(paths.leases, this.#parts.host)) !== undefined;
    if (isEnded && this.#held.get(held.id) === held) await this.#takeHere(paths);
  }

  #record({ id, epoch, folder, published, sending }: HeldSession): void {
    writeOwnership(this.#pathsOf(folder), {
      id,
      epoch,
      published,
      sending,
      host: this.#parts.hostInfo.name,
    });
  }

  async #takeHere(paths: SessionPaths): Promise<void> {
    await takeHere(paths, this.#parts);
    await this.#parts.wake();
  }

  #pathsOf(folder: string): SessionPaths {
    return sessionPaths(this.#parts.place.sessionsDir, folder);
  }
}
