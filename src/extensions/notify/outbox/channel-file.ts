import { mkdir } from 'node:fs/promises';
import {
  type ChannelState,
  channelStatePath,
  readChannelState,
} from '../../../core/caller/facts/channel-state.ts';
import { type Clock, isoUtc } from '../../../core/kernel/clock.ts';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import type { SupervisorPaths } from '../../../core/sandbox/programs/supervisor-folder.ts';
import type { SessionView } from '../../../core/session/events/session-view.ts';
import type { ChannelName } from '../notice/channel.ts';
import type { ComposeOptions } from '../notice/compose.ts';
import type { QuietHours } from '../notice/notify-settings.ts';
import type { QueuedNotice } from '../notice/queued-notice.ts';

/** The first supervisor of a machine is started by the very event that it must report. */
const BEFORE_FIRST_MS = 60_000;
/** Ids are kept longer than notices stay queued, because a queue that loses its cursors repeats notices. */
const KEPT_IDS = 500;

/** Events before this time are ignored. A time in the future, from a wrong clock, is replaced. */
export function beganAt(known: string | undefined, { now }: Pick<Clock, 'now'>): string {
  return known !== undefined && known <= isoUtc(now()) ? known : isoUtc(now() - BEFORE_FIRST_MS);
}

/** What a channel has sent, in one file per channel. `write` applies a change only once it is on disk. */
export class ChannelFile {
  readonly #name: ChannelName;
  readonly #context: OutboxContext;
  state: ChannelState;

  static async open(name: ChannelName, context: OutboxContext): Promise<ChannelFile> {
    const known = await readChannelState(context.paths, name);
    const since = beganAt(undefined, context.clock);
    return new ChannelFile(name, context, known ?? { v: 1, channel: name, since, passed: [], open: [] });
  }

  private constructor(name: ChannelName, context: OutboxContext, state: ChannelState) {
    this.#name = name;
    this.#context = context;
    this.state = state;
  }

  get since(): string {
    const since = beganAt(this.state.since, this.#context.clock);
    if (since !== this.state.since) this.state = { ...this.state, since };
    return since;
  }

  /** The ids of notices sent or skipped so far, and `ids`; the oldest are dropped once no longer queued. */
  passedWith(ids: readonly string[]): string[] {
    const passed = [...this.state.passed, ...ids];
    if (passed.length <= 2 * KEPT_IDS) return passed;
    const queued = new Set(this.#context.entries.map(({ id }) => id));
    return passed.filter((id, index) => queued.has(id) || index >= passed.length - KEPT_IDS);
  }

  /** Keeps the change in memory even if it cannot be written. */
  async note(changed: Partial<ChannelState>): Promise<void> {
    this.state = { ...this.state, ...changed };
    await this.write({}).catch((error: unknown) => this.#context.report(`channel ${this.#name}`, error));
  }

  async write(changed: Partial<ChannelState>): Promise<void> {
    const state = { ...this.state, ...changed };
    const { paths } = this.#context;
    await mkdir(paths.channels, { recursive: true, mode: 0o700 });
    await writeWhole(channelStatePath(paths, this.#name), `${JSON.stringify(state)}\n`, 0o600);
    this.state = state;
  }
}

/** Shared by all channels, as of the last poll. */
export interface OutboxContext {
  readonly paths: SupervisorPaths;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly sendMs: number;
  readonly report: (what: string, error: unknown) => void;
  entries: readonly QueuedNotice[];
  quiet: QuietHours | undefined;
  detail: ComposeOptions['detail'];
  pageOf: ComposeOptions['pageOf'];
  view(place: string): SessionView | undefined;
  isMuted(view: SessionView): Promise<boolean>;
}
