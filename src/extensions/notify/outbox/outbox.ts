import { join } from 'node:path';
import { sessionPageAddress } from '../../../core/caller/facts/live-page.ts';
import type { Clock } from '../../../core/kernel/clock.ts';
import { configFolder } from '../../../core/kernel/config-folder.ts';
import { replaceWhole } from '../../../core/kernel/files/atomic-file.ts';
import { readBoundedText } from '../../../core/kernel/files/lines.ts';
import { identityAt, namesAt } from '../../../core/kernel/files/path-stats.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { isSetNow } from '../../../core/project/settings/samocode-file.ts';
import type { SupervisorPaths } from '../../../core/sandbox/programs/supervisor-folder.ts';
import type { SessionView } from '../../../core/session/events/session-view.ts';
import { CHANNEL_NAMES, type ChannelName } from '../notice/channel.ts';
import { quietHours, readNotifySettings } from '../notice/notify-settings.ts';
import { QueuedNotice } from '../notice/queued-notice.ts';
import { ChannelFile, type OutboxContext } from './channel-file.ts';
import { ChannelQueue } from './channel-queue.ts';
import { channelsOf } from './channels-of.ts';

export interface OutboxOptions {
  paths: SupervisorPaths;
  clock: Clock;
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** Logs a problem; a persistent one is logged once. */
  report: (what: string, error: unknown) => void;
  channels?: typeof channelsOf;
  sendMs?: number;
}

const SEND_MS = 30_000;

/**
 * Sends what is in the queue through every configured channel, in the background. Each channel has its own
 * file, so that a failing channel does not delay the others.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #ended = new AbortController();
  readonly #context: OutboxContext;
  readonly #queue: QueueFile;
  /** Includes channels that are no longer configured but may still be sending. */
  readonly #opened = new Map<ChannelName, ChannelQueue>();
  #channels: ChannelQueue[] = [];
  #views: ReadonlyMap<string, { view: SessionView }> = new Map();
  #settingsId: string | undefined;

  constructor(options: OutboxOptions) {
    const { paths, clock, report, home, sendMs = SEND_MS } = options;
    this.#options = options;
    this.#queue = new QueueFile(paths.queue);
    this.#context = {
      paths,
      clock,
      sendMs,
      report,
      signal: this.#ended.signal,
      entries: [],
      quiet: undefined,
      detail: 'full',
      view: (place) => this.#views.get(place)?.view,
      pageOf: (view) => sessionPageAddress(view, home),
      isMuted: async ({ sessionFile }) =>
        sessionFile !== undefined &&
        ((namesAt(paths.muted) ?? []).includes(`${sessionFile.id}.json`) ||
          (await isSetNow(sessionFile.configPath, 'NOTIFY', 'off'))),
    };
  }

  /** Starts sending what is due. @returns when to poll again at the latest, in monotonic milliseconds */
  async poll(sessions: ReadonlyMap<string, { view: SessionView }>): Promise<number> {
    const { clock } = this.#options;
    this.#views = sessions;
    await this.#readSettings();
    this.#queue.read();
    this.#context.entries = this.#queue.entries;
    const waiting = this.#channels.flatMap((channel) => channel.waiting().map(({ id }) => id));
    await this.#queue.prune(clock.now(), new Set(waiting));
    this.#context.entries = this.#queue.entries;
    for (const channel of this.#channels) channel.start();
    const later = this.#channels
      .flatMap((channel) => channel.retryTimes())
      .filter((atMs) => atMs > clock.monotonic());
    return Math.min(Number.POSITIVE_INFINITY, ...later);
  }

  sendsBy(wanted: ChannelName): boolean {
    return this.#channels.some(({ name }) => name === wanted);
  }

  hasUndelivered(): boolean {
    const dayAgo = this.#options.clock.now() - DAY_MS;
    return this.#channels.some((channel) => channel.waiting().some(({ at }) => Date.parse(at) > dayAgo));
  }

  /** Aborts the sends in progress; the next supervisor treats them as possibly delivered. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.rest();
  }

  async rest(): Promise<void> {
    await Promise.all([...this.#opened.values()].map((channel) => channel.rest()));
  }

  async #readSettings(): Promise<void> {
    const { env, home, clock, report, channels = channelsOf } = this.#options;
    const id = identityAt(join(configFolder(home), '.env'));
    if (id === this.#settingsId) return;
    const { settings, problems } = await readNotifySettings(env, home);
    for (const problem of problems) report('settings', new Error(problem));
    const queues: ChannelQueue[] = [];
    for (const channel of channels(settings, { clock, env, home })) {
      const queue = this.#opened.get(channel.name) ?? (await ChannelQueue.open(channel, this.#context));
      queue.use(channel);
      this.#opened.set(channel.name, queue);
      queues.push(queue);
    }
    this.#channels = queues;
    this.#context.quiet = quietHours(settings.notifyQuiet);
    this.#context.detail = settings.notifyDetail;
    await this.#clearFailures();
    this.#settingsId = id;
  }

  /** Clears the failures of channels that are no longer configured. */
  async #clearFailures(): Promise<void> {
    for (const name of CHANNEL_NAMES) {
      if (this.#channels.some((channel) => channel.name === name)) continue;
      const file = await ChannelFile.open(name, this.#context);
      if (file.state.failing !== undefined) await file.write({ failing: undefined });
    }
  }
}

const MAX_BYTES = 16 * 1024 * 1024;
const DAY_MS = 24 * 3_600_000;
/** Notices that could not be sent within this time are dropped. */
const KEPT_MS = 7 * DAY_MS;

/** `queue.jsonl`, to which the supervisor appends in the same process. */
export class QueueFile {
  readonly #path: string;
  #id: string | undefined;
  entries: readonly QueuedNotice[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  read(): void {
    const id = identityAt(this.#path);
    if (id === this.#id) return;
    const reading = readBoundedText(this.#path, { maxBytes: MAX_BYTES, keep: 'end' });
    const lines = reading.kind === 'text' ? reading.text.split('\n') : [];
    const notices = lines.flatMap((line) => QueuedNotice.safeParse(parseJson(line)).data ?? []);
    // The queue may contain a notice twice if its cursors were lost.
    this.entries = [...new Map(notices.map((notice) => [notice.id, notice])).values()];
    this.#id = id;
  }

  /** Drops notices after a day, or after a week if a channel has yet to send them. */
  async prune(nowMs: number, waiting: ReadonlySet<string>): Promise<void> {
    const kept = this.entries.filter(
      ({ id, at }) => nowMs - Date.parse(at) < (waiting.has(id) ? KEPT_MS : DAY_MS),
    );
    if (kept.length === this.entries.length) return;
    const text = kept.map((notice) => `${JSON.stringify(notice)}\n`).join('');
    const stillFits = () => identityAt(this.#path) === this.#id;
    if (await replaceWhole(this.#path, text, { mode: 0o600, stillFits })) this.entries = kept;
  }
}
