import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  type ChannelState,
  channelStatePath,
  readChannelState,
} from '../../../core/caller/facts/channel-state.ts';
import { type Clock, isoUtc } from '../../../core/kernel/clock.ts';
import { crashPoint } from '../../../core/kernel/fault-points.ts';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import { capitalised } from '../../../core/kernel/text.ts';
import type { SupervisorPaths } from '../../../core/sandbox/programs/supervisor-folder.ts';
import { describeEvent } from '../../../core/session/documents/describe-event.ts';
import type { EventType } from '../../../core/session/events/bodies/event-types.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { readEvents } from '../../../core/session/log/event-log.ts';
import { statusSentence } from '../../../core/session/words/words.ts';
import {
  type ChannelName,
  NOTIFY_ERRORS,
  type NotifyChannel,
  type Settled,
  within,
} from '../notice/channel.ts';
import { type ComposeOptions, compose } from '../notice/compose.ts';
import type { Notification } from '../notice/notification.ts';
import { isQuiet, type QuietHours } from '../notice/notify-settings.ts';
import { isStillOpen, kindNeedsPerson, type QueuedNotice } from '../notice/queued-notice.ts';

/** Shared by all channels, as of the last poll. */
export interface OutboxContext {
  readonly paths: SupervisorPaths;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly sendMs: number;
  readonly report: (what: string, error: unknown) => void;
  readonly queue: { readonly entries: readonly QueuedNotice[] };
  quiet: QuietHours | undefined;
  detail: ComposeOptions['detail'];
  pageOf: ComposeOptions['pageOf'];
  view(place: string): SessionView | undefined;
  isMuted(view: SessionView): Promise<boolean>;
}

/** Delays between attempts; the last one repeats. */
const RETRY_MS = [5000, 15_000, 60_000, 300_000, 900_000];
/** A new channel also sends notices of the last minute, since such an event may have started the supervisor. */
const BEFORE_NEW_MS = 60_000;
const MAX_OPEN = 200;

/** Sends each notice of the queue through one channel, in order, and continues after a failure and after a restart. */
export class ChannelQueue {
  readonly name: ChannelName;
  readonly #context: OutboxContext;
  #channel: NotifyChannel;
  #state: ChannelState;
  #busy: Promise<void> | undefined;
  /** Failed attempts for the next notice. */
  #tries = 0;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  /** The notifications that this process has sent and may have to settle. */
  #open: readonly Notification[] = [];

  static async open(channel: NotifyChannel, context: OutboxContext): Promise<ChannelQueue> {
    const known = await readChannelState(context.paths, channel.name);
    const queue = new ChannelQueue(channel, context, known ?? newState(channel.name, context));
    // A restart must not move the cursor of a channel that has sent nothing yet.
    if (known === undefined) await queue.#note({});
    return queue;
  }

  private constructor(channel: NotifyChannel, context: OutboxContext, state: ChannelState) {
    this.name = channel.name;
    this.#channel = channel;
    this.#context = context;
    this.#state = state;
  }

  /** When to retry, in monotonic milliseconds. */
  get retryAtMs(): number {
    return this.#retryAtMs;
  }

  /** Replaces the channel after a change of settings, and retries at once. */
  use(channel: NotifyChannel): void {
    this.#channel = channel;
    this.#retryAtMs = Number.NEGATIVE_INFINITY;
  }

  waiting(): QueuedNotice[] {
    const { entries } = this.#context.queue;
    const { passed } = this.#state;
    // An id that the queue no longer has is older than everything in it.
    const urgentAt = entries.findLastIndex(({ id }) => id === passed.urgent);
    const otherAt = entries.findLastIndex(({ id }) => id === passed.other);
    return entries.filter(({ kind }, index) => index > (kindNeedsPerson(kind) ? urgentAt : otherAt));
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
    for (let notice = this.#next(); notice !== undefined; notice = this.#next())
      if (!(await this.#handle(notice))) return;
    await this.#settleOpen();
  }

  #next(): QueuedNotice | undefined {
    const { quiet, clock } = this.#context;
    const isQuietNow = isQuiet(quiet, clock.now());
    return this.waiting().find(({ kind }) => !isQuietNow || kindNeedsPerson(kind));
  }

  /** @returns whether the next notice may be sent at once */
  async #handle(notice: QueuedNotice): Promise<boolean> {
    const found = this.#context.view(sessionDirOf(notice));
    // The session is gone, and another one has its name.
    const isGone = found !== undefined && !isOf(notice, found);
    const view = isGone || found?.isUnreadable ? undefined : found;
    // The session was read before the event was recorded; the next scan reads it again.
    if (view !== undefined && view.state.n < Number(notice.id.split(':')[1])) return false;
    const isRepeat = this.#state.sending === notice.id;
    // If this cannot be recorded, nothing is sent, because the result could not be recorded either.
    await this.#write({ sending: notice.id });
    let one: Notification | undefined;
    try {
      one = isGone && kindNeedsPerson(notice.kind) ? undefined : await this.#compose(notice, view);
      if (one !== undefined) await this.#send(isRepeat ? { ...one, maybeRepeated: true } : one);
    } catch (error) {
      if (this.#context.signal.aborted) return false;
      return await this.#failed(notice, isRepeat, error);
    }
    const failing = one === undefined ? this.#state.failing : undefined;
    await this.#pass(notice, { sending: undefined, failing });
    return true;
  }

  /** @returns undefined if the notice is muted or has been settled */
  async #compose(notice: QueuedNotice, view: SessionView | undefined): Promise<Notification | undefined> {
    const { sendMs: ms, signal } = this.#context;
    return await within({ channel: this.name, ms, signal }, async () => {
      const isMuted = view !== undefined && (await this.#context.isMuted(view));
      return isMuted ? undefined : await compose(notice, view, this.#context);
    });
  }

  async #send(one: Notification): Promise<void> {
    const { sendMs: ms, signal } = this.#context;
    await within({ channel: this.name, ms, signal }, (ended) => this.#channel.send(one, ended));
    crashPoint('notification-sent');
    if (this.#channel.settle !== undefined) this.#open = [...this.#open, one].slice(-MAX_OPEN);
  }

  /**
   * An unexpected failure may be caused by the notice itself, so after several of them the notice is given up.
   * @returns whether the next notice may be sent at once
   */
  async #failed(notice: QueuedNotice, isRepeat: boolean, error: unknown): Promise<boolean> {
    const { clock, report } = this.#context;
    const known = NOTIFY_ERRORS.undelivered.is(error) ? error.args : undefined;
    if (known?.retry !== 'later') report(`notifications by ${this.name}`, error);
    const { since = isoUtc(clock.now()) } = this.#state.failing ?? {};
    const failing = { since, why: known?.why ?? 'Internal error: see supervisor.stderr.' };
    const sending = isRepeat || known?.mayHaveArrived ? notice.id : undefined;
    const isGivenUp = known ? known.retry === 'never' : this.#tries >= RETRY_MS.length;
    if (isGivenUp) {
      await this.#pass(notice, { sending, failing });
      return true;
    }
    this.#retryLater(known?.retryAfterMs);
    await this.#note({ sending, failing });
    return false;
  }

  async #settleOpen(): Promise<void> {
    const { sendMs: ms, signal, view } = this.#context;
    for (const one of this.#open) {
      const place = sessionDirOf(one);
      const found = view(place);
      const now = found && isOf(one, found) ? found : undefined;
      if (now !== undefined && isStillOpen(one, now)) continue;
      const { detail } = this.#context;
      const settled = await settlementOf({ id: one.id, place, detail }, now);
      try {
        await within({ channel: this.name, ms, signal }, async (ended) =>
          this.#channel.settle?.(settled, ended),
        );
      } catch (error) {
        if (signal.aborted) return;
        if (NOTIFY_ERRORS.undelivered.is(error) && error.args.retry === 'later')
          return this.#retryLater(error.args.retryAfterMs);
      }
      this.#open = this.#open.filter((other) => other !== one);
    }
  }

  #retryLater(afterMs = RETRY_MS[Math.min(this.#tries, RETRY_MS.length - 1)] ?? 0): void {
    this.#retryAtMs = this.#context.clock.monotonic() + afterMs;
    this.#tries += 1;
  }

  async #pass({ kind, id }: QueuedNotice, changed: Partial<ChannelState>): Promise<void> {
    this.#tries = 0;
    const passed = { ...this.#state.passed, [kindNeedsPerson(kind) ? 'urgent' : 'other']: id };
    await this.#note({ ...changed, passed });
  }

  /** Keeps the change in memory even if it cannot be written. */
  async #note(changed: Partial<ChannelState>): Promise<void> {
    this.#state = { ...this.#state, ...changed };
    await this.#write({}).catch((error: unknown) => this.#context.report(`channel ${this.name}`, error));
  }

  /** Applies a change only once it is on disk. */
  async #write(changed: Partial<ChannelState>): Promise<void> {
    const state = { ...this.#state, ...changed };
    await writeState(this.#context.paths, state);
    this.#state = state;
  }
}

/** Clears the failure of a channel that is no longer configured. */
export async function clearFailure(paths: SupervisorPaths, name: ChannelName): Promise<void> {
  const state = await readChannelState(paths, name);
  if (state?.failing !== undefined) await writeState(paths, { ...state, failing: undefined });
}

async function writeState(paths: SupervisorPaths, state: ChannelState): Promise<void> {
  await mkdir(paths.channels, { recursive: true, mode: 0o700 });
  await writeWhole(channelStatePath(paths, state.channel), `${JSON.stringify(state)}\n`, { mode: 0o600 });
}

function newState(channel: ChannelName, { queue, clock }: OutboxContext): ChannelState {
  const began = isoUtc(clock.now() - BEFORE_NEW_MS);
  const last = queue.entries.findLast(({ at }) => at < began)?.id;
  return { v: 2, channel, passed: { urgent: last, other: last } };
}

function sessionDirOf({ sessionsDir, session }: Pick<QueuedNotice, 'sessionsDir' | 'session'>): string {
  return join(sessionsDir, session);
}

/** Whether a session is the one that a notice is about, and not another one in its place. */
function isOf({ id }: Pick<QueuedNotice, 'id'>, { sessionFile }: SessionView): boolean {
  return sessionFile === undefined || id.startsWith(`${sessionFile.id}:`);
}

/** Events that settle what a notification asked for. */
const SETTLING: readonly EventType[] = [
  ...(['answers_recorded', 'plan_approved', 'changes_requested', 'resumed', 'stopped'] as const),
  ...(['went_on', 'phase_set', 'rewound', 'archived', 'done'] as const),
];

/** Says who settled what a notification asked for, according to the first event that did. */
export async function settlementOf(
  { id, place, detail }: { id: string; place: string; detail?: ComposeOptions['detail'] },
  view: SessionView | undefined,
): Promise<Settled> {
  const settled = { id, session: basename(place), sessionsDir: dirname(place) };
  // The event can name files, servers and goals.
  if (detail === 'titles') return { ...settled, how: 'It no longer needs you.' };
  if (view === undefined) return { ...settled, how: 'The session was removed.' };
  const number = Number(id.split(':')[1]);
  const events = Number.isInteger(number) ? await readEvents(view.paths, number) : [];
  const event = events.find(({ type }) => SETTLING.includes(type));
  const words = event && describeEvent(event);
  return { ...settled, how: words === undefined ? statusSentence(view) : `${capitalised(words)}.` };
}
