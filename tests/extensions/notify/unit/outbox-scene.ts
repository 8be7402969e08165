import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChannelState } from '../../../../src/core/caller/facts/channel-state.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import type { SessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { Scan } from '../../../../src/core/supervisor/scan.ts';
import type { ChannelName } from '../../../../src/extensions/notify/channels/channel.ts';
import { channelsOf } from '../../../../src/extensions/notify/channels/channels-of.ts';
import { Outbox, type OutboxOptions } from '../../../../src/extensions/notify/outbox/outbox.ts';
import { eventLines } from '../../../core/unit/session/events.ts';
import { HandClock, type Scene, sceneWith } from '../../../core/unit/supervisor/scene.ts';

/** The supervisor's scan and poll, without its loop and without workers. */
interface Watching {
  outbox: Outbox;
  /** Scans and starts to send, without waiting for the end. */
  begin(meanwhile?: () => Promise<void>): Promise<number>;
  /** Like `begin`, but waits until everything due was tried. @param meanwhile runs right after the scan */
  poll(meanwhile?: () => Promise<void>): Promise<void>;
}

export interface OutboxScene extends Scene {
  /** Lines of the `.env` in the config folder. */
  settings(lines: Readonly<Record<string, string>>): Promise<void>;
  /** Like a restarted supervisor: new memory, the same files. */
  watching(options?: Partial<OutboxOptions>): Watching;
  state(channel: ChannelName): Promise<ChannelState | undefined>;
  /** The time at which the scene starts. */
  startMs: number;
}

export async function outboxScene(): Promise<OutboxScene> {
  // Agrees with the modification times of the files.
  const clock = Object.assign(new HandClock(), { nowMs: Date.now() });
  const here = await sceneWith(clock);
  const { supervisor } = here;
  return {
    ...here,
    startMs: clock.nowMs,
    async settings(lines) {
      const folder = join(supervisor.home, '.config/samocode');
      await mkdir(folder, { recursive: true });
      const text = Object.entries(lines).map(([key, value]) => `${key}=${value}\n`);
      await writeFile(join(folder, '.env'), text.join(''));
    },
    watching(options = {}) {
      const scan = new Scan(supervisor);
      const outbox = new Outbox(supervisor, (what, error) => scan.report(what, error), {
        channels: (settings) => channelsOf(settings, supervisor),
        ...options,
      });
      const begin: Watching['begin'] = async (meanwhile) => {
        await scan.read();
        await meanwhile?.();
        return await outbox.poll(scan);
      };
      return {
        ...{ outbox, begin },
        async poll(meanwhile) {
          await begin(meanwhile);
          await outbox.rest();
        },
      };
    },
    async state(channel) {
      return JSON.parse(await readFile(supervisor.paths.outbox, 'utf8')).channels[channel];
    },
  };
}

/** Adds the events after the first `from`. */
export async function more(
  { events: path }: SessionPaths,
  all: readonly NewEvent[],
  from: number,
  startMs: number,
): Promise<void> {
  await appendFile(path, eventLines(all, startMs).split('\n').slice(from).join('\n'));
}
