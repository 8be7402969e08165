import { commitOf } from '../../../core/project/git/repository.ts';
import { ownedElsewhere, recordUnmetNeeds, type UnmetNeeds } from '../../../core/session/folder/ownership.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { AUTO_ASSIGN, MANUAL_ASSIGN } from '../../../core/session/layout/owners.ts';
import { sessionPaths } from '../../../core/session/layout/paths.ts';
import type { Entry, Oid, Ulid } from '../board/board.ts';
import { sessionRef } from '../board/git-remote.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { type OwnershipRecord, readOwnership } from '../states/ownership-record.ts';
import type { VerifiedState } from '../states/pool-states.ts';
import { type RestoredState, readCopyMark, restoreCopy } from '../states/restore-state.ts';
import type { DailyPrune } from './daily-prune.ts';
import type { HeldSession, MemberParts } from './member-parts.ts';
import type { CommandOutbox } from './remote-commands.ts';

/** This machine's copies of the sessions that other machines have, so that lists, questions and plans show them here. */
export class SessionCopies {
  readonly #parts: MemberParts;
  readonly #outbox: CommandOutbox;
  readonly #prune: DailyPrune;
  readonly #shown = new Map<Ulid, Oid>();

  constructor(parts: MemberParts, outbox: CommandOutbox, prune: DailyPrune) {
    this.#parts = parts;
    this.#outbox = outbox;
    this.#prune = prune;
  }

  /** Copies the newest published state of a session. @param view the copy, or what this machine had before */
  async refresh({ id, state, card }: Entry, view: SessionView | undefined, unmet: UnmetNeeds): Promise<void> {
    if (view === undefined && card !== undefined && this.#prune.isDueSummary(card)) return;
    // A supervisor that restarts continues what it had, although another machine may have taken it meanwhile.
    if (view?.worker === 'alive') await ownedElsewhere(view.paths, 'another machine', this.#parts);
    // The worker that lost the session must exit first, because its files are about to be moved.
    if (state === undefined || view?.worker === 'alive') return;
    // A copy from before a restart is not fetched again.
    const copied = view && !this.#shown.has(id) ? await readCopyMark(view.paths) : undefined;
    if (copied !== undefined && !copied.unfinished) this.#shown.set(id, copied.commit);
    if (this.#shown.get(id) !== state) {
      const { place, say } = this.#parts;
      const copy = await restoreCopy(copyPlan(await fetchState(id, this.#parts, state), this.#parts));
      reportMoved(copy, say);
      await this.#outbox.settle(sessionPaths(place.sessionsDir, copy.folder));
      this.#shown.set(id, state);
    }
    if (view !== undefined) await recordUnmetNeeds(view.paths, unmet, this.#parts.clock);
  }

  /** Copies the session again, although its state may be the one that was copied last. */
  forget(id: Ulid): void {
    this.#shown.delete(id);
  }
}

export function copyPlan(state: VerifiedState, parts: MemberParts) {
  const { place: at, git: context, clock } = parts;
  return { ...state, at, context, clock, unheldOwner: unheldOwner(parts) };
}

/** Ends what this machine continued after a restart, before it knew that an owner had removed it. */
export async function endHeldHere(
  views: ReadonlyMap<Ulid, SessionView>,
  { clock }: Pick<MemberParts, 'clock'>,
): Promise<void> {
  for (const { paths, worker } of views.values())
    if (worker !== 'unknowable' && readOwnership(paths) !== undefined)
      await ownedElsewhere(paths, 'another machine', { clock });
}

export function reportMoved({ folder, aside }: RestoredState, say: MemberParts['say']): void {
  if (aside.length > 0) say(`${folder}: what was here is now ${aside.join(', ')}`);
}

/** @param wanted not fetched if the board has just fetched it */
export async function fetchState(
  id: Ulid,
  { remote, states, git, place }: Pick<MemberParts, 'remote' | 'states' | 'git' | 'place'>,
  wanted?: Oid,
): Promise<VerifiedState> {
  const ref = sessionRef(id);
  const isHere = wanted !== undefined && (await commitOf(ref, { ...git, cwd: place.mainRepo })) === wanted;
  if (!isHere) await remote.fetch([ref]);
  return await states.verify(ref);
}

/** The commit of a session's ref on the remote. */
export async function tipOf(id: Ulid, { remote }: Pick<MemberParts, 'remote'>): Promise<Oid | undefined> {
  const ref = sessionRef(id);
  return (await remote.list(ref)).get(ref);
}

/** Checks whether a push whose answer was lost has arrived. */
export async function findSent(
  held: HeldSession,
  parts: Pick<MemberParts, 'remote' | 'clock'>,
): Promise<void> {
  if (held.sending === undefined) return;
  const hasArrived = (await tipOf(held.id, parts)) === held.sending;
  if (hasArrived) Object.assign(held, { published: held.sending, sinceMs: parts.clock.monotonic() });
  held.sending = undefined;
}

export function goneError(
  { id, published: commit }: OwnershipRecord,
  { remote }: Pick<MemberParts, 'remote'>,
): Error {
  return POOL_ERRORS.state_gone({ ref: remote.nameOf(sessionRef(id)), commit });
}

/** The owner, as leases record it, of a session that no machine has. */
export function unheldOwner({ times }: Pick<MemberParts, 'times'>): string {
  return times.leaseMs === undefined ? MANUAL_ASSIGN : AUTO_ASSIGN;
}
