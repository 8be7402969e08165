import { join } from 'node:path';
import { sessionPageAddress } from '../../../core/caller/facts/live-page.ts';
import type { Clock } from '../../../core/kernel/clock.ts';
import { configFolder } from '../../../core/kernel/config-folder.ts';
import { identityAt, namesAt } from '../../../core/kernel/files/path-stats.ts';
import { isSetNow } from '../../../core/project/settings/samocode-file.ts';
import type { SupervisorPaths } from '../../../core/sandbox/programs/supervisor-folder.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { CHANNEL_NAMES, type ChannelName } from '../notice/channel.ts';
import { quietHours, readNotifySettings } from '../notice/notify-settings.ts';
import { ChannelQueue, clearFailure, type OutboxContext } from './channel-queue.ts';
import { channelsOf } from './channels-of.ts';

export interface OutboxOptions {
  paths: SupervisorPaths;
  clock: Clock;
  queue: OutboxContext['queue'];
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** Logs a problem; a persistent one is logged once. */
  report: (what: string, error: unknown) => void;
  channels?: typeof channelsOf;
  sendMs?: number;
}

const SEND_MS = 30_000;
const DAY_MS = 24 * 3_600_000;

/**
 * Sends the queued notices through every configured channel, in the background. Each channel has its own
 * file, so that a failing channel does not delay the others.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #ended = new AbortController();
  readonly #context: OutboxContext;
  /** Includes channels that are no longer configured but may still be sending. */
  readonly #opened = new Map<ChannelName, ChannelQueue>();
  #channels: ChannelQueue[] = [];
  #views: ReadonlyMap<string, { view: SessionView }> = new Map();
  #settingsId: string | undefined;

  constructor(options: OutboxOptions) {
    const { paths, clock, report, queue, home, sendMs = SEND_MS } = options;
    this.#options = options;
    this.#context = {
      paths,
      clock,
      sendMs,
      report,
      queue,
      signal: this.#ended.signal,
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

  /** Starts sending all due notices. @returns when to poll again at the latest, in monotonic milliseconds */
  async poll(sessions: ReadonlyMap<string, { view: SessionView }>): Promise<number> {
    const { clock } = this.#options;
    this.#views = sessions;
    await this.#readSettings();
    for (const channel of this.#channels) channel.start();
    const later = this.#channels.map(({ retryAtMs }) => retryAtMs).filter((atMs) => atMs > clock.monotonic());
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
    for (const name of CHANNEL_NAMES) if (!this.sendsBy(name)) await clearFailure(this.#context.paths, name);
    this.#settingsId = id;
  }
}
