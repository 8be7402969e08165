import type { MemberParts } from './member-parts.ts';

/** Less than a lease can miss. */
const FIRST_LOOK_MS = 2000;

/** Reads the list of members on the remote, for which no renewal of a lease waits: the remote may not respond. */
export class MembersLook {
  readonly #parts: Pick<MemberParts, 'lists' | 'clock' | 'times' | 'report'>;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;

  constructor(parts: Pick<MemberParts, 'lists' | 'clock' | 'times' | 'report'>) {
    this.#parts = parts;
  }

  /** Waits a moment before this machine holds anything, so that one that was removed meanwhile takes nothing. */
  async ifDue({ isHolding }: { isHolding: boolean }): Promise<void> {
    const { lists, clock, times, report } = this.#parts;
    const begun = clock.monotonic();
    if (begun - this.#readAtMs < (times.membersMs ?? 60_000)) return;
    this.#looking ??= lists
      .look((error) => report('members', error))
      .then((isRead) => {
        if (isRead) this.#readAtMs = begun;
      })
      .finally(() => {
        this.#looking = undefined;
      });
    if (!isHolding) await Promise.race([this.#looking, clock.sleep(FIRST_LOOK_MS)]);
  }

  /** The next one is due at once. */
  again(): void {
    this.#readAtMs = Number.NEGATIVE_INFINITY;
  }
}
