import { unseenOwner } from '../../../core/kernel/processes/lease.ts';
import { ownedElsewhere, takeHere } from '../../../core/session/folder/ownership.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { AUTO_ASSIGN } from '../../../core/session/layout/owners.ts';
import { type SessionPaths, sessionPaths } from '../../../core/session/layout/paths.ts';
import type { Claim, Entry, RemoteCommand, Ulid } from '../board/board.ts';
import { parcelRef } from '../board/git-remote.ts';
import { leftBehind } from '../states/left-behind.ts';
import { readOwnership, writeOwnership, writePoolUntil } from '../states/ownership-record.ts';
import { isHeldUp, isQueued, isWanted, savedAt } from '../states/pool-states.ts';
import { restoreForWork } from '../states/restore-state.ts';
import { hostSettings } from './host-settings.ts';
import type { HeldSession, MemberParts } from './member-parts.ts';
import { CommandInbox } from './remote-commands.ts';
import { copyPlan, dropParcel, fetchState, reportMoved, type SessionCopies } from './session-copies.ts';
import type { SessionSteps } from './steps.ts';

/** The sessions of the pool that this machine has: how it takes, publishes, gives back and loses them. */
export class HeldSessions {
  readonly #parts: MemberParts;
  readonly #steps: SessionSteps;
  readonly #copies: Pick<SessionCopies, 'forget'>;
  readonly #inbox: CommandInbox;
  readonly #held = new Map<Ulid, HeldSession>();
  readonly #taking = new Set<Ulid>();
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

  /** The time since the board last showed that this machine has its sessions. */
  silentMs(): number {
    return this.#parts.clock.monotonic() - this.#contactMs;
  }

  /** Lets the workers continue until one renewal before the lease ends, counted from the last contact. @param contactMs monotonic time of a contact */
  keepAlive(contactMs = this.#contactMs): void {
    this.#contactMs = Math.max(this.#contactMs, contactMs);
    const { host, times } = this.#parts;
    for (const { folder } of this.#held.values()) {
      writePoolUntil(this.#pathsOf(folder), times.leaseMs - times.renewMs - this.silentMs(), host);
    }
  }

  /** Does what is due for each after a renewal. @param begun monotonic time of the renewal with `entries` */
  renewed(entries: ReadonlyMap<Ulid, Entry>, acts: readonly RemoteCommand[], begun: number): void {
    for (const each of this.#held.values())
      this.#steps.run(each.id, async () => {
        await this.#reclaim(each);
        await this.#recordAgain(each, entries.get(each.id), begun);
        await this.#inbox.settle(each);
      });
    this.#inbox.deliverAll(acts, this.#held, this.#steps);
  }

  /** Drops a session that its own machine removed from the pool. */
  drop(id: Ulid): void {
    this.#held.delete(id);
  }

  loseAll(why: string): void {
    // One that is being taken must not start on an earlier contact.
    this.#contactMs = Number.NEGATIVE_INFINITY;
    for (const id of this.#held.keys()) this.lose(id, why);
  }

  lose(id: Ulid, why: string): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    this.#held.delete(id);
    this.#copies.forget(id);
    this.#inbox.forget(id);
    const { report, say } = this.#parts;
    const ended = ownedElsewhere(this.#pathsOf(held.folder), 'another machine', this.#parts);
    // Queued before any other step of this session.
    this.#steps.run(id, () => ended.catch((error: unknown) => report(held.folder, error)), { waits: true });
    say(`${held.folder}: this machine lost the session (${why}); its agent ends`);
  }

  async publish(view: SessionView): Promise<void> {
    const { board, remote, states, clock, times } = this.#parts;
    const held = this.#held.get(view.sessionFile?.id ?? '');
    if (held === undefined || clock.monotonic() < (held.againAtMs ?? 0)) return;
    const saved = savedAt(view);
    if (saved === held.from) return await this.#giveBack(view, held);
    const made = await states.publish(view, held);
    if (made === undefined) return;
    const { commit, manifest } = made;
    // Each try makes a commit, and an outage may last for hours.
    held.againAtMs = clock.monotonic() + times.renewMs;
    if ((await remote.move(parcelRef(held.id, commit), commit, undefined)) !== 'moved') return;
    held.sending = commit;
    this.#record(held);
    const summary = { ...manifest.card, wanted: manifest.wanted };
    if (!(await board.publish(held, commit, summary))) return this.lose(held.id, 'another machine has it');
    const former = held.published;
    const now = { sending: undefined, againAtMs: undefined, sinceMs: clock.monotonic() };
    Object.assign(held, { published: commit, from: saved, n: manifest.n, summary, ...now });
    this.#record(held);
    await this.#inbox.settle(held);
    await dropParcel(held.id, former, this.#parts);
  }

  /** Records a published state again that the database lacks: it can lose its last writes. @param begun monotonic time of the renewal with `entry` */
  async #recordAgain(
    { id, epoch, published, summary, sinceMs }: HeldSession,
    entry: Entry | undefined,
    begun: number,
  ): Promise<void> {
    const isBehind = entry !== undefined && entry.state !== published && sinceMs < begun;
    if (summary !== undefined && isBehind) await this.#parts.board.publish({ id, epoch }, published, summary);
  }

  /** Gives a session back when leaving, and one that waits for a slot, which another machine may have. */
  async #giveBack(view: SessionView, held: HeldSession): Promise<void> {
    const { board, isLeaving, states } = this.#parts;
    if (view.worker !== 'none' || !(isLeaving || isQueued(view))) return;
    // This stops new workers. If one has recorded something by then, that is published first.
    await ownedElsewhere(view.paths, AUTO_ASSIGN, this.#parts);
    const isGiven = (await states.isNewest(view)) && (await board.giveBack(held, { wanted: isWanted(view) }));
    if (!isGiven) return await this.#takeHere(view.paths);
    this.#held.delete(held.id);
    this.#parts.say(`${held.folder}: given back to the pool`);
  }

  take(claim: Claim): void {
    this.#taking.add(claim.id);
    const taken = () => this.#take(claim).finally(() => this.#taking.delete(claim.id));
    this.#steps.run(claim.id, taken, { waits: true });
  }

  async #take(claim: Claim): Promise<void> {
    const { board, clock, states, times, say } = this.#parts;
    try {
      const published = await fetchState(claim, this.#parts);
      const { settings } = await states.sessionFileIn(published.commit);
      const own = hostSettings(settings, await this.#parts.ownSettings());
      const copy = await restoreForWork(copyPlan(published, this.#parts), own);
      reportMoved(copy, say);
      if (claim.from !== undefined) await clock.sleep(times.graceMs);
      const { id, epoch } = claim;
      const held = {
        id,
        epoch,
        folder: copy.folder,
        published: published.commit,
        sinceMs: clock.monotonic(),
      };
      this.#record(held);
      this.#held.set(claim.id, held);
      this.keepAlive();
      await this.#takeHere(this.#pathsOf(copy.folder));
      for (const sentence of leftBehind(published.manifest.left)) say(`${copy.folder}: ${sentence}`);
      say(`${copy.folder}: this machine has the session now${claim.from ? ` (before: ${claim.from})` : ''}`);
    } catch (error) {
      this.#parts.report(claim.folder, error);
      await board.giveBack(claim, { wanted: true, notBeforeMs: 2 * times.leaseMs });
    }
  }

  /** Resumes a held session after a supervisor restart, from its record if that is current, or by taking it again. */
  async resume(claim: Claim, view: SessionView | undefined): Promise<void> {
    const record = view && readOwnership(view.paths);
    // The record may be older than the row, for example after a restore of the disk from a backup.
    const isOurs = claim.state === record?.published || claim.state === record?.sending;
    if (view === undefined || record?.epoch !== claim.epoch || !isOurs)
      return await this.#take({ ...claim, from: 'unknown' });
    const held = { id: claim.id, epoch: claim.epoch, folder: view.folder, published: claim.state };
    this.#held.set(claim.id, { ...held, sinceMs: this.#parts.clock.monotonic() });
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
