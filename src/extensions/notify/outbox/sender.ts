import { join } from 'node:path';
import type { ChannelState } from '../../../core/caller/facts/channel-state.ts';
import { type Clock, isoUtc } from '../../../core/kernel/clock.ts';
import { crashPoint } from '../../../core/kernel/fault-points.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import type { Scan } from '../../../core/supervisor/scan.ts';
import { type ChannelName, NOTIFY_ERRORS, type NotifyChannel, within } from '../channels/channel.ts';
import { isQuiet, type QuietHours } from '../channels/notify-settings.ts';
import { type ComposeOptions, compose } from '../notice/compose.ts';
import { isRemoved } from '../notice/is-removed.ts';
import { kindRow } from '../notice/kinds.ts';
import type { Notification } from '../notice/notification.ts';
import { channelIn, type OutboxFile, type Queued } from './outbox-file.ts';

/** Shared by all channels, as of the last poll. */
export interface SenderContext {
  readonly file: OutboxFile;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly sendMs: number;
  readonly report: (what: string, error: unknown) => void;
  quiet: QuietHours | undefined;
  detail: ComposeOptions['detail'];
  pageOf: ComposeOptions['pageOf'];
  sessions: Scan['sessions'];
  isMuted(view: SessionView): Promise<boolean>;
}

/** Delays between attempts; the last one repeats. */
const RETRY_MS = [5000, 15_000, 60_000, 300_000, 900_000];

/** Sends what is queued for one channel, in order, and continues after a failure and after a restart. */
export class ChannelSender {
  readonly name: ChannelName;
  readonly #context: SenderContext;
  /** Undefined while it is not configured. */
  channel: NotifyChannel | undefined;
  #busy: Promise<void> | undefined;
  /** Failed attempts for the next notice. */
  #tries = 0;
  #retryAtMs = Number.NEGATIVE_INFINITY;

  constructor(channel: NotifyChannel, context: SenderContext) {
    this.name = channel.name;
    this.channel = channel;
    this.#context = context;
  }

  /** When to retry, in monotonic milliseconds. */
  get retryAtMs(): number {
    return this.#retryAtMs;
  }

  /** Replaces the channel after a change of settings, and retries at once; without one, sending ends. */
  use(channel: NotifyChannel | undefined): void {
    this.channel = channel;
    this.#retryAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Starts sending what is due, in the background. */
  start(): void {
    const { clock, report } = this.#context;
    if (this.#busy !== undefined || clock.monotonic() < this.#retryAtMs) return;
    this.#busy = this.#sendAll()
      .catch((error: unknown) => {
        this.#retryAtMs = clock.monotonic() + (RETRY_MS[0] ?? 0);
        report(`notifications by ${this.name}`, error);
      })
      .finally(() => {
        this.#busy = undefined;
      });
  }

  async rest(): Promise<void> {
    await this.#busy;
  }

  async #sendAll(): Promise<void> {
    for (;;) {
      const notice = await this.#next();
      if (notice === undefined || !(await this.#handle(notice))) return;
    }
  }

  /** Quiet hours let what needs the person pass the rest. */
  async #next(): Promise<Queued | undefined> {
    const { file, quiet, clock } = this.#context;
    const isQuietNow = isQuiet(quiet, clock.now());
    const { notices } = await file.read();
    if (this.channel === undefined) return undefined;
    return notices.find(
      ({ to, kind }) => to.includes(this.name) && (!isQuietNow || kindRow(kind).needsPerson),
    );
  }

  /** @returns whether the next notice may be sent at once */
  async #handle(notice: Queued): Promise<boolean> {
    const { file, sessions, signal } = this.#context;
    // A change of the settings while it is composed must not count as sent.
    const { channel } = this;
    if (channel === undefined) return false;
    const isGone = isRemoved(notice, sessions);
    const found = sessions.get(join(notice.sessionsDir, notice.session))?.view;
    const view = isGone || found?.isUnreadable ? undefined : found;
    // The session was read before the event was recorded; the next scan reads it again.
    if (view !== undefined && view.state.n < Number(notice.id.split(':')[1])) return false;
    const isRepeat = channelIn(await file.read(), this.name).sending === notice.id;
    let one: Notification | undefined;
    try {
      // A session that was removed needs no act.
      one = isGone && kindRow(notice.kind).needsPerson ? undefined : await this.#compose(notice, view);
    } catch (error) {
      return !signal.aborted && (await this.#failed(notice, isRepeat, error));
    }
    if (one !== undefined) await this.#claim(notice);
    try {
      if (one !== undefined) await this.#send(channel, isRepeat ? { ...one, maybeRepeated: true } : one);
    } catch (error) {
      return !signal.aborted && (await this.#failed(notice, isRepeat, error));
    }
    this.#tries = 0;
    const arrived = one !== undefined && { failing: undefined, givenUp: undefined };
    await this.#note({ sending: undefined, ...arrived }, notice);
    return true;
  }

  /**
   * Records that a notice is being sent. If it cannot be recorded, nothing is sent, because the result could not be
   * recorded either.
   */
  async #claim({ id }: Queued): Promise<void> {
    const { file } = this.#context;
    const { sending } = channelIn(await file.read(), this.name);
    await file.change(
      (state) => Object.assign(channelIn(state, this.name), { sending: id }),
      (state) => Object.assign(channelIn(state, this.name), { sending }),
    );
  }

  /** @returns undefined if the notice is muted or has been settled */
  async #compose(notice: Queued, view: SessionView | undefined): Promise<Notification | undefined> {
    const { sendMs: ms, signal } = this.#context;
    return await within({ channel: this.name, ms, signal }, async () => {
      const isMuted = view !== undefined && (await this.#context.isMuted(view));
      return isMuted ? undefined : await compose(notice, view, this.#context);
    });
  }

  async #send(channel: NotifyChannel, one: Notification): Promise<void> {
    const { sendMs: ms, signal } = this.#context;
    await within({ channel: this.name, ms, signal }, (ended) => channel.send(one, ended));
    crashPoint('notification-sent');
  }

  /**
   * An unexpected failure may be caused by the notice itself, so after several of them the notice is given up.
   * @returns whether the next notice may be sent at once
   */
  async #failed(notice: Queued, isRepeat: boolean, error: unknown): Promise<boolean> {
    const { file, clock, report } = this.#context;
    const known = NOTIFY_ERRORS.undelivered.is(error) ? error.args : undefined;
    if (known?.retry !== 'later') report(`notifications by ${this.name}`, error);
    const { since = isoUtc(clock.now()) } = channelIn(await file.read(), this.name).failing ?? {};
    const failing = { since, why: known?.why ?? 'Internal error: see supervisor.stderr.' };
    const sending = isRepeat || known?.mayHaveArrived ? notice.id : undefined;
    const isGivenUp = known ? known.retry === 'never' : this.#tries >= RETRY_MS.length;
    if (isGivenUp) this.#tries = 0;
    else this.#retryLater(known?.retryAfterMs);
    await this.#note({ sending, failing }, isGivenUp ? notice : undefined);
    return isGivenUp;
  }

  #retryLater(afterMs = RETRY_MS[Math.min(this.#tries, RETRY_MS.length - 1)] ?? 0): void {
    this.#retryAtMs = this.#context.clock.monotonic() + afterMs;
    this.#tries += 1;
  }

  /** Keeps the change in memory even if it cannot be written. @param done what needs no sending by this channel */
  async #note(changed: Partial<ChannelState>, done?: Queued): Promise<void> {
    const { file, report } = this.#context;
    const written = file.change((state) => {
      Object.assign(channelIn(state, this.name), changed);
      if (done === undefined) return;
      done.to = done.to.filter((name) => name !== this.name);
      state.notices = state.notices.filter(({ to }) => to.length > 0);
    });
    await written.catch((error: unknown) => report(`channel ${this.name}`, error));
  }
}
