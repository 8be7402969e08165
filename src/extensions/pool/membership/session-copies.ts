import { commitOf } from '../../../core/project/git/repository.ts';
import { ownedElsewhere, recordElsewhere, type UnmetNeeds } from '../../../core/session/folder/ownership.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { AUTO_ASSIGN } from '../../../core/session/layout/owners.ts';
import { sessionPaths } from '../../../core/session/layout/paths.ts';
import type { Entry } from '../board/board.ts';
import { parcelRef, sessionRef } from '../board/git-remote.ts';
import { CommitName, SessionId } from '../board/state-manifest.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { readOwnership } from '../states/ownership-record.ts';
import type { PublishedState } from '../states/pool-states.ts';
import { type RestoredState, readCopyMark, restoreCopy } from '../states/restore-state.ts';
import type { DailyPrune } from './daily-prune.ts';
import type { MemberParts } from './member-parts.ts';
import type { CommandOutbox } from './remote-commands.ts';

/** This machine's copies of the sessions that other machines have, so that lists, questions and plans show them here. */
export class SessionCopies {
  readonly #parts: MemberParts;
  readonly #outbox: CommandOutbox;
  readonly #prune: DailyPrune;
  /** States by session. */
  readonly #shown = new Map<string, string>();

  constructor(parts: MemberParts, outbox: CommandOutbox, prune: DailyPrune) {
    this.#parts = parts;
    this.#outbox = outbox;
    this.#prune = prune;
  }

  /** Copies the newest published state of a session. @param view the copy, or what this machine had before */
  async refresh(entry: Entry, view: SessionView | undefined, unmet: UnmetNeeds): Promise<void> {
    const { id, state, card } = entry;
    if (view === undefined && card !== undefined && this.#prune.isDueSummary(card)) return;
    // A supervisor that restarts continues what it had, although another machine may have taken it meanwhile.
    if (view?.worker === 'alive') await ownedElsewhere(view.paths, 'another machine', this.#parts);
    // The worker that lost the session must exit first, because its files are about to be moved.
    if (view?.worker === 'alive') return;
    // A copy from before a restart is not fetched again.
    const copied = view && !this.#shown.has(id) ? await readCopyMark(view.paths) : undefined;
    if (copied !== undefined && !copied.unfinished) this.#shown.set(id, copied.commit);
    if (this.#shown.get(id) !== state) {
      const { place, say } = this.#parts;
      const copy = await restoreCopy(
        copyPlan(await fetchState(entry, this.#parts), this.#parts, entry.hostName),
      );
      reportMoved(copy, say);
      await this.#outbox.settle(sessionPaths(place.sessionsDir, copy.folder));
      this.#shown.set(id, state);
    }
    if (view === undefined) return;
    await recordElsewhere(view.paths, entry.hostName ?? AUTO_ASSIGN, unmet, this.#parts.clock);
  }

  /** Copies the session again, although its state may be the one that was copied last. */
  forget(id: string): void {
    this.#shown.delete(id);
  }
}

export function copyPlan(
  state: PublishedState,
  { place: at, git: context, clock }: MemberParts,
  hostName?: string,
) {
  return { ...state, at, context, clock, hostName };
}

/** Ends what this machine continued after a restart, before it knew that it was removed. */
export async function endHeldHere(
  views: ReadonlyMap<string, SessionView>,
  { clock }: Pick<MemberParts, 'clock'>,
): Promise<void> {
  for (const { paths, worker } of views.values())
    if (worker !== 'unknowable' && readOwnership(paths) !== undefined)
      await ownedElsewhere(paths, 'another machine', { clock });
}

export function reportMoved({ folder, aside }: RestoredState, say: MemberParts['say']): void {
  if (aside.length > 0) say(`${folder}: what was here is now ${aside.join(', ')}`);
}

/** The state that the database names, whatever the refs of the remote point to. */
export async function fetchState(
  entry: Pick<Entry, 'id' | 'state' | 'author'>,
  { remote, states, git, place }: Pick<MemberParts, 'remote' | 'states' | 'git' | 'place'>,
): Promise<PublishedState> {
  if (!SessionId.safeParse(entry.id).success || !CommitName.safeParse(entry.state).success)
    throw POOL_ERRORS.state_malformed({ commit: entry.state, problem: 'The database names no commit' });
  const here = await commitOf(sessionRef(entry.id), { ...git, cwd: place.mainRepo });
  if (here !== entry.state) await remote.fetch(entry.id, entry.state);
  return await states.read(entry);
}

/** Deletes the ref of a state that a later one contains. One that somebody has moved is said, and left alone. */
export async function dropParcel(
  id: string,
  state: string,
  { remote, report }: Pick<MemberParts, 'remote' | 'report'>,
): Promise<void> {
  const ref = parcelRef(id, state);
  if ((await remote.move(ref, undefined, state)) !== 'refused') return;
  const tip = (await remote.list(ref)).get(ref);
  if (tip !== undefined) report(ref, POOL_ERRORS.ref_moved({ ref: remote.nameOf(ref), tip }));
}
