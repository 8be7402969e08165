import { randomBytes, randomInt } from 'node:crypto';
import type { Clock } from '../../../../core/kernel/clock.ts';
import { fingerprint } from '../../../../core/kernel/files/fingerprint.ts';
import { WEB_ERRORS } from '../web-errors.ts';

/**
 * Shows digits where a person alone looks, or that none are asked for now.
 * @returns whether a person can see it there
 */
export type ShowDigits = (digits: string | undefined) => Promise<boolean>;

const MAX_TRIES = 5;
const MINUTE_MS = 60_000;
const MAX_WAIT_MINUTES = 60;

/**
 * The tabs in which a person has typed six digits from a terminal. The key of the page lies in files and storage that
 * programs of the same user can read; digits and tabs are in the memory of this process alone.
 */
export class ConfirmedTabs {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #show: ShowDigits;
  readonly #tabs = new Set<string>();
  /** The digits that count: until they are used, or five others were typed. */
  #digits: string | undefined;
  #wrongTries = 0;
  #closedUntil = 0;

  constructor(show: ShowDigits, clock: Pick<Clock, 'monotonic'>) {
    this.#show = show;
    this.#clock = clock;
  }

  has(tab: string | undefined): boolean {
    return tab !== undefined && this.#tabs.has(fingerprint(tab));
  }

  /** Shows the digits to whoever sits at the terminal. @throws if there is none */
  async ask(): Promise<void> {
    this.#digits ??= String(randomInt(1_000_000)).padStart(6, '0');
    if (await this.#show(this.#digits)) return;
    this.#digits = undefined;
    throw WEB_ERRORS.no_digits({ pid: process.pid });
  }

  /** @returns what the tab sends with its acts from now on @throws if these are not the digits */
  async confirm(typed: string): Promise<string> {
    const minutes = Math.ceil((this.#closedUntil - this.#clock.monotonic()) / MINUTE_MS);
    if (minutes > 0) throw WEB_ERRORS.too_many_digits({ minutes });
    if (this.#digits === undefined) {
      await this.ask();
      throw WEB_ERRORS.wrong_digits({ isNew: true });
    }
    if (typed !== this.#digits) throw await this.#wrong();
    this.#digits = undefined;
    this.#wrongTries = 0;
    await this.#show(undefined);
    const tab = randomBytes(24).toString('base64url');
    this.#tabs.add(fingerprint(tab));
    return tab;
  }

  /** After the first five tries there are new digits at once; then ever later, so that no program tries them all. */
  async #wrong() {
    this.#wrongTries += 1;
    const isNew = this.#wrongTries % MAX_TRIES === 0;
    if (!isNew) return WEB_ERRORS.wrong_digits({ isNew });
    this.#digits = undefined;
    const rounds = this.#wrongTries / MAX_TRIES;
    const minutes = rounds === 1 ? 0 : Math.min(2 ** (rounds - 2), MAX_WAIT_MINUTES);
    this.#closedUntil = this.#clock.monotonic() + minutes * MINUTE_MS;
    await this.ask();
    return minutes > 0 ? WEB_ERRORS.too_many_digits({ minutes }) : WEB_ERRORS.wrong_digits({ isNew });
  }
}
