import type { SessionView } from '../../../core/session/folder/session-view.ts';
import type { Entry, Ulid } from '../board/board.ts';
import { parcelRef } from '../board/git-remote.ts';
import type { OwnershipRecord } from '../states/ownership-record.ts';
import { needsOf } from '../states/pool-states.ts';
import type { MemberParts } from './member-parts.ts';

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
    if ((await remote.move(parcelRef(id, made), made, undefined)) !== 'moved') return undefined;
    const entry = { id, project: hostInfo.project, folder, needs: needsOf(sessionFile), state: made };
    await board.offer(entry);
    return { ...entry, author: hostInfo.id, epoch: 0, wanted: false };
  }

  /** Offers a session that the board has lost, with the newest state that was kept here. */
  async again(
    view: SessionView,
    record: OwnershipRecord,
    { board, hostInfo, remote, states, clock, times }: OfferParts,
  ): Promise<void> {
    const { sessionFile, folder } = view;
    const { id, epoch, published } = record;
    if (sessionFile === undefined || clock.monotonic() < (this.#againAtMs.get(id) ?? 0)) return;
    this.#againAtMs.set(id, clock.monotonic() + times.renewMs);
    const state = (await states.publish(view, { epoch, published }))?.commit;
    if (state === undefined) return;
    if ((await remote.move(parcelRef(id, state), state, undefined)) !== 'moved') return;
    await board.offer({ id, project: hostInfo.project, folder, needs: needsOf(sessionFile), state });
  }
}

type OfferParts = Pick<MemberParts, 'board' | 'hostInfo' | 'remote' | 'states' | 'clock' | 'times'>;
