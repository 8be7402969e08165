import { isDeepStrictEqual } from 'node:util';
import { sessionPageAddress } from '../../../core/caller/facts/live-page.ts';
import { isoUtc } from '../../../core/kernel/clock.ts';
import { crashPoint } from '../../../core/kernel/fault-points.ts';
import { namesAt } from '../../../core/kernel/files/path-stats.ts';
import { isSetNow } from '../../../core/project/settings/samocode-file.ts';
import type { Scan } from '../../../core/supervisor/scan.ts';
import type { Supervisor } from '../../../core/supervisor/supervisor.ts';
import type { ChannelName, NotifyChannel } from '../channels/channel.ts';
import {
  envFileIdentity,
  type NotifySettings,
  quietHours,
  readNotifySettings,
} from '../channels/notify-settings.ts';
import { EventReader } from './from-events.ts';
import { firstTime, nameChannels, type OutboxFile, openOutbox, queue } from './outbox-file.ts';
import { ChannelSender, type SenderContext } from './sender.ts';

export interface OutboxOptions {
  /** @returns the channels that the settings configure */
  channels: (settings: NotifySettings) => NotifyChannel[];
  sendMs?: number;
}

const SEND_MS = 30_000;
const DAY_MS = 24 * 3_600_000;
/** Moved cursors alone are written this late, because each write replaces the whole file. */
const MOVED_MS = 60_000;

/**
 * Queues what is worth a notification, and sends it through every configured channel, in the background: a channel
 * that fails does not delay the others.
 */
export class Outbox {
  readonly #supervisor: Supervisor;
  readonly #channelsOf: OutboxOptions['channels'];
  readonly #file: OutboxFile;
  readonly #events: EventReader;
  readonly #ended = new AbortController();
  readonly #context: SenderContext;
  /** Includes channels that are no longer configured but may still be sending. */
  readonly #opened = new Map<ChannelName, ChannelSender>();
  #senders: readonly ChannelSender[] = [];
  #settings: NotifySettings | undefined;
  /** The identity of the `.env` that was last read. */
  #envIdentity: string | undefined;
  /** Since when cursors have moved in memory alone, in monotonic milliseconds. */
  #movedAtMs: number | undefined;

  constructor(supervisor: Supervisor, report: Scan['report'], { channels, sendMs = SEND_MS }: OutboxOptions) {
    const { paths, clock, home } = supervisor;
    this.#supervisor = supervisor;
    this.#channelsOf = channels;
    this.#file = openOutbox(paths.outbox, clock);
    this.#events = new EventReader(supervisor, report);
    this.#context = {
      file: this.#file,
      clock,
      sendMs,
      report,
      signal: this.#ended.signal,
      quiet: undefined,
      detail: 'full',
      sessions: new Map(),
      pageOf: (view) => sessionPageAddress(view, home),
      isMuted: async ({ sessionFile }) =>
        sessionFile !== undefined &&
        ((namesAt(paths.muted) ?? []).includes(`${sessionFile.id}.json`) ||
          (await isSetNow(sessionFile.configPath, 'NOTIFY', 'off'))),
    };
  }

  /** Queues what is new and starts to send. @returns when to poll again at the latest, in monotonic milliseconds */
  async poll(scan: Pick<Scan, 'sessions' | 'pauses'>): Promise<number> {
    const { report, clock } = this.#context;
    await this.readSettings();
    this.#context.sessions = scan.sessions;
    await this.#queue(scan).catch((error: unknown) => report('outbox.json', error));
    for (const sender of this.#senders) sender.start();
    const later = this.#senders.map(({ retryAtMs }) => retryAtMs).filter((atMs) => atMs > clock.monotonic());
    return Math.min(Number.POSITIVE_INFINITY, ...later);
  }

  /** What is new, and how far it was read, are one write; after a crash, logs without news are read again. */
  async #queue(scan: Pick<Scan, 'sessions' | 'pauses'>): Promise<void> {
    const { clock, say } = this.#supervisor;
    const state = await this.#file.read();
    const nowMs = clock.now();
    // A time in the future comes from a clock that was wrong.
    if (state.since > isoUtc(nowMs)) state.since = firstTime(nowMs);
    const { notices, read } = await this.#events.read(scan, state);
    const configured = this.#senders.map(({ name }) => name);
    const haveChanged = nameChannels(state, configured, nowMs);
    const news = queue(state, notices, nowMs);
    for (const { session, text } of news) say(`${session}: ${text}`);
    if (read !== state.read) this.#movedAtMs ??= clock.monotonic();
    // Moved in memory even if the file is not written, so that no log is read twice.
    state.read = read;
    const isDue = clock.monotonic() - (this.#movedAtMs ?? Number.POSITIVE_INFINITY) >= MOVED_MS;
    if (news.length === 0 && !isDue && !haveChanged && !this.#file.isUnwritten) return;
    crashPoint('before-outbox');
    this.#movedAtMs = undefined;
    await this.#file.change(() => undefined);
    crashPoint('after-outbox');
  }

  /** The channel of this name, if the settings configure one. */
  channel(wanted: ChannelName): NotifyChannel | undefined {
    return this.#senders.find(({ name }) => name === wanted)?.channel;
  }

  /** Whether a notification of the last day has still to be sent. */
  hasUndelivered(): boolean {
    const dayAgo = this.#supervisor.clock.now() - DAY_MS;
    const isOpen = (to: readonly string[]) => this.#senders.some(({ name }) => to.includes(name));
    return this.#file.current?.notices.some(({ at, to }) => Date.parse(at) > dayAgo && isOpen(to)) ?? false;
  }

  /** Aborts the sends in progress; the next supervisor treats them as possibly delivered. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.rest();
  }

  async rest(): Promise<void> {
    await Promise.all([...this.#opened.values()].map((sender) => sender.rest()));
  }

  /** Reads the settings, and makes the channels anew if they have changed. */
  async readSettings(): Promise<void> {
    const { env, home } = this.#supervisor;
    const identity = envFileIdentity(home);
    if (identity === this.#envIdentity) return;
    const { settings, problems } = await readNotifySettings(env, home);
    this.#envIdentity = identity;
    for (const problem of problems) this.#context.report('settings', new Error(problem));
    if (isDeepStrictEqual(settings, this.#settings)) return;
    this.#settings = settings;
    for (const sender of this.#senders) sender.use(undefined);
    this.#senders = this.#channelsOf(settings).map((channel) => this.#senderOf(channel));
    this.#context.quiet = quietHours(settings.notifyQuiet);
    this.#context.detail = settings.notifyDetail;
  }

  #senderOf(channel: NotifyChannel): ChannelSender {
    const sender = this.#opened.get(channel.name) ?? new ChannelSender(channel, this.#context);
    sender.use(channel);
    this.#opened.set(channel.name, sender);
    return sender;
  }
}
