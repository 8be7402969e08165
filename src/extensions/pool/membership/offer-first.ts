import type { SessionView } from '../../../core/session/folder/session-view.ts';
import type { Entry, Ulid } from '../board/board.ts';
import { sessionRef } from '../board/git-remote.ts';
import { needsOf } from '../states/pool-states.ts';
import type { MemberParts } from './member-parts.ts';
import { tipOf } from './session-copies.ts';

/** Publishes the first state of each session that `start --pool` created here, then lets any free machine claim it. */
export class FirstOffers {
  /** Monotonic times. Each try makes a commit, and an outage may last for hours. */
  readonly #againAtMs = new Map<Ulid, number>();

  async offer(
    view: SessionView,
    { board, hostInfo, remote, states, clock, times }: OfferParts,
  ): Promise<Entry | undefined> {
    const { sessionFile } = view;
    if (sessionFile === undefined) return undefined;
    const { id, folder } = sessionFile;
    if (clock.monotonic() < (this.#againAtMs.get(id) ?? 0)) return undefined;
    this.#againAtMs.set(id, clock.monotonic() + times.renewMs);
    const made = await states.first(view);
    if (made === undefined) return undefined;
    // The push is refused if an earlier one succeeded and only the call to the board failed.
    const how = await remote.move(sessionRef(id), made, undefined);
    const commit = how === 'moved' ? made : await tipOf(id, { remote });
    if (commit === undefined) return undefined;
    const entry = { id, project: hostInfo.project, folder, needs: needsOf(sessionFile), state: commit };
    await board.offer(entry);
    return { ...entry, epoch: 0, wanted: false };
  }
}

type OfferParts = Pick<MemberParts, 'board' | 'hostInfo' | 'remote' | 'states' | 'clock' | 'times'>;
