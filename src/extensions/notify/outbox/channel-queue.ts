import { basename, dirname, join } from 'node:path';
import type { ChannelState } from '../../../core/caller/facts/channel-state.ts';
import { isoUtc } from '../../../core/kernel/clock.ts';
import { crashPoint } from '../../../core/kernel/fault-points.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { capitalised } from '../../../core/kernel/text.ts';
import { describeEvent } from '../../../core/session/documents/describe-event.ts';
import type { EventType } from '../../../core/session/events/bodies/event-types.ts';
import { readEvents } from '../../../core/session/events/event-log.ts';
import type { SessionView } from '../../../core/session/events/session-view.ts';
import { statusSentence } from '../../../core/session/words.ts';
import {
  type ChannelName,
  NOTIFY_ERRORS,
  type NotifyChannel,
  type Settled,
  within,
} from '../notice/channel.ts';
import { compose } from '../notice/compose.ts';
import type { Notification } from '../notice/notification.ts';
import { isQuiet, type QuietHours } from '../notice/notify-settings.ts';
import { isStillOpen, kindNeedsPerson, type QueuedNotice } from '../notice/queued-notice.ts';
import { ChannelFile, type OutboxContext } from './channel-file.ts';

/** Delays between attempts; the last one repeats. */
const RETRY_MS = [5000, 15_000, 60_000, 300_000, 900_000];
const KEPT_OPEN = 200;

/** One channel's queue: sends each notice once, in order, and continues after a failure and after a restart. */
export class ChannelQueue {
  readonly name: ChannelName;
  readonly #context: OutboxContext;
  #channel: NotifyChannel;
  readonly #file: ChannelFile;
  /** Ids of notices that an earlier attempt may have delivered. */
  readonly #maybeSent: Set<string>;
  #busy: Promise<void> | undefined;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  /** Notices that failed for an unknown reason. They are retried one by one, without delaying others. */
  readonly #delayed = new Map<string, { tries: number; retryAtMs: number }>();

  static async open(channel: NotifyChannel, context: OutboxContext): Promise<ChannelQueue> {
    return new ChannelQueue(channel, context, await ChannelFile.open(channel.name, context));
  }

  private constructor(channel: NotifyChannel, context: OutboxContext, file: ChannelFile) {
    this.name = channel.name;
    this.#channel = channel;
    this.#context = context;
    this.#file = file;
    this.#maybeSent = new Set(file.state.sending);
  }

  /** The times of the next retries, in monotonic milliseconds. */
  retryTimes(): number[] {
    return [this.#retryAtMs, ...[...this.#delayed.values()].map(({ retryAtMs }) => retryAtMs)];
  }

  /** Replaces the channel after a change of settings, and retries at once. */
  use(channel: NotifyChannel): void {
    this.#channel = channel;
    this.#retryAtMs = Number.NEGATIVE_INFINITY;
    this.#delayed.clear();
  }

  waiting(): QueuedNotice[] {
    const { passed } = this.#file.state;
    const { since } = this.#file;
    const gone = new Set(passed);
    return this.#context.entries.filter(({ id, at }) => at >= since && !gone.has(id));
  }

  /** Starts sending what is due, in the background. */
  start(): void {
    if (this.#busy !== undefined) return;
    const { clock, report } = this.#context;
    const isLater = clock.monotonic() < this.#retryAtMs;
    const work = isLater ? this.#countWaiting() : this.#sendAll();
    this.#busy = work
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
      const batch = await this.#next();
      if (batch.length === 0) break;
      if (!(await this.#send(batch))) return;
    }
    if (this.#channel.settle !== undefined) await this.#settle();
  }

  async #next(): Promise<readonly Notification[]> {
    const { quiet, detail, clock, pageOf } = this.#context;
    const isQuietNow = isQuiet(quiet, clock.now());
    const open: Notification[] = [];
    const skipped: string[] = [];
    for (const notice of this.waiting()) {
      if (isQuietNow && !kindNeedsPerson(notice.kind)) continue;
      if ((this.#delayed.get(notice.id)?.retryAtMs ?? 0) > clock.monotonic()) continue;
      const view = this.#context.view(sessionDirOf(notice));
      if (isUnseen(notice, view)) continue;
      const isMuted = view !== undefined && (await this.#context.isMuted(view));
      const one = isMuted ? undefined : await compose(notice, view, { detail, pageOf });
      if (one === undefined) skipped.push(notice.id);
      else open.push(this.#maybeSent.has(one.id) ? { ...one, maybeRepeated: true } : one);
    }
    if (skipped.length > 0) await this.#file.write({ passed: this.#file.passedWith(skipped) });
    const isDelayed = ({ id }: Notification) => this.#delayed.has(id);
    const batch = nextBatch(
      open.filter((one) => !isDelayed(one)),
      quiet,
    );
    return batch.length > 0 ? batch : open.filter(isDelayed).slice(0, 1);
  }

  /** @returns whether the next message may be sent at once */
  async #send(batch: readonly Notification[]): Promise<boolean> {
    const { sendMs, signal } = this.#context;
    const ids = batch.map(({ id }) => id);
    // If this cannot be recorded, nothing is sent, since the result could not be recorded either.
    await this.#file.write({ sending: ids });
    try {
      const end = await within({ ms: sendMs, signal }, (ended) => this.#channel.send(batch, ended));
      if (end === 'timed_out') return await this.#failed(ids, undefined);
    } catch (error) {
      if (signal.aborted) return false;
      return await this.#failed(ids, error);
    }
    crashPoint('notification-sent');
    const opened = this.#channel.settle === undefined ? [] : batch.map(openRecord);
    for (const id of ids) this.#delayed.delete(id);
    const { open, failing } = this.#file.state;
    await this.#file.note({
      passed: this.#file.passedWith(ids),
      sending: undefined,
      open: [...open, ...opened].slice(-KEPT_OPEN),
      failing: failing && this.#delayed.size > 0 ? { ...failing, waiting: this.#delayed.size } : undefined,
    });
    return true;
  }

  /**
   * @param error undefined after a timeout, when the message may have been delivered
   * @returns whether the next message may be sent at once
   */
  async #failed(ids: readonly string[], error: unknown): Promise<boolean> {
    const { clock, report, sendMs } = this.#context;
    const known = NOTIFY_ERRORS.undelivered.is(error) ? error.args : undefined;
    const isUnknown = error !== undefined && known === undefined;
    if (error === undefined) for (const id of ids) this.#maybeSent.add(id);
    else if (known?.retry !== 'later') report(`notifications by ${this.name}`, error);
    const lost = known?.retry === 'never' ? ids : isUnknown ? this.#delay(ids) : [];
    const isHeld = !isUnknown && lost.length === 0;
    const { since = isoUtc(clock.now()), tries = 0, givenUp = 0 } = this.#file.state.failing ?? {};
    const why =
      error === undefined
        ? `No answer within ${sendMs / 1000} s.`
        : (known?.why ?? 'One failed unexpectedly and is retried separately.');
    if (isHeld) this.#retryAtMs = clock.monotonic() + (known?.retryAfterMs ?? backOffMs(tries));
    const waiting = this.waiting().length - lost.length;
    await this.#file.note({
      passed: this.#file.passedWith(lost),
      sending: error === undefined ? [...ids] : undefined,
      failing: { since, why, tries: tries + 1, waiting, givenUp: givenUp + lost.length },
    });
    return !isHeld;
  }

  /** @returns the ids to give up: if a message did arrive, retries would repeat it for a week */
  #delay(ids: readonly string[]): string[] {
    for (const id of ids) {
      const { tries } = this.#delayed.get(id) ?? { tries: 0 };
      const retryAtMs = this.#context.clock.monotonic() + backOffMs(tries);
      this.#delayed.set(id, { tries: tries + 1, retryAtMs });
    }
    const lost = ids.filter((id) => (this.#delayed.get(id)?.tries ?? 0) > RETRY_MS.length);
    for (const id of lost) this.#delayed.delete(id);
    return lost;
  }

  async #settle(): Promise<void> {
    const { sendMs, signal, view, clock } = this.#context;
    for (const one of this.#file.state.open) {
      const { kind, at, id, place } = one;
      const now = view(place);
      // The cast is safe: the kind was valid when the notice was sent.
      if (now !== undefined && isStillOpen({ kind: kind as QueuedNotice['kind'], at, id }, now)) continue;
      const settled = await settlementOf({ id, place }, now);
      try {
        const settle = async (ended: AbortSignal) => await this.#channel.settle?.(settled, ended);
        await within({ ms: sendMs, signal }, settle);
      } catch (error) {
        if (signal.aborted) return;
        if (NOTIFY_ERRORS.undelivered.is(error) && error.args.retry === 'later') {
          this.#retryAtMs = clock.monotonic() + (error.args.retryAfterMs ?? RETRY_MS[1] ?? 0);
          return;
        }
      }
      await this.#file.note({ open: this.#file.state.open.filter((other) => other !== one) });
    }
  }

  async #countWaiting(): Promise<void> {
    const { failing } = this.#file.state;
    const waiting = this.waiting().length;
    if (failing !== undefined && failing.waiting !== waiting)
      await this.#file.write({ failing: { ...failing, waiting } });
  }
}

function backOffMs(tries: number): number {
  return RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] ?? 0;
}

/** True if `view` lacks the event: the disk is unavailable, or the session was read before it was recorded. */
function isUnseen({ id, sessionsDir }: QueuedNotice, view: SessionView | undefined): boolean {
  if (view === undefined) return statsAt(sessionsDir) === undefined;
  return view.isUnreadable === true || view.state.n < Number(id.split(':')[1]);
}

function sessionDirOf({ sessionsDir, session }: Pick<QueuedNotice, 'sessionsDir' | 'session'>): string {
  return join(sessionsDir, session);
}

function openRecord(one: Notification): ChannelState['open'][number] {
  const { id, at, kind } = one;
  return { id, at, kind, place: sessionDirOf(one) };
}

/** More notices than this are sent as one message. */
const MANY = 5;

/**
 * The notices for the next message: usually only the oldest. If there are many, those that need the person
 * come first, and all others are sent together, as are those held during the quiet hours. Pure.
 */
function nextBatch(open: readonly Notification[], quiet: QuietHours | undefined): readonly Notification[] {
  const needing = open.filter((one) => one.needsPerson);
  const others = open.filter((one) => !one.needsPerson);
  const held = others.filter(({ at }) => isQuiet(quiet, Date.parse(at)));
  if (open.length <= MANY && held.length < 2) return open.slice(0, 1);
  if (needing.length > MANY) return needing;
  return needing.length > 0 ? needing.slice(0, 1) : others;
}

/** Events that settle what a notification asked for. */
const SETTLING: readonly EventType[] = [
  ...(['answers_recorded', 'plan_approved', 'changes_requested', 'resumed', 'stopped'] as const),
  ...(['went_on', 'phase_set', 'rewound', 'archived', 'done'] as const),
];

/** Says who settled what a notification asked for, according to the first event that did. */
export async function settlementOf(
  { id, place }: { id: string; place: string },
  view: SessionView | undefined,
): Promise<Settled> {
  const settled = { id, session: basename(place), sessionsDir: dirname(place) };
  if (view === undefined) return { ...settled, how: 'The session was removed.' };
  const number = Number(id.split(':')[1]);
  const events = Number.isInteger(number) ? await readEvents(view.paths, number) : [];
  const event = events.find(({ type }) => SETTLING.includes(type));
  const words = event && describeEvent(event);
  return { ...settled, how: words === undefined ? statusSentence(view) : `${capitalised(words)}.` };
}
