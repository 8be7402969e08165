import { ulid } from 'ulid';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { refuseFromInside } from '../../../core/caller/context/refuse-from-inside.ts';
import { type ChannelTrouble, channelTroubles } from '../../../core/caller/facts/channel-state.ts';
import { isoUtc } from '../../../core/kernel/clock.ts';
import { supervisorPaths } from '../../../core/sandbox/programs/supervisor-folder.ts';
import type { Notification } from '../notice/notification.ts';
import { type ChannelName, NOTIFY_ERRORS, type NotifyChannel, within } from './channel.ts';
import { channelsOf } from './channels-of.ts';
import { readNotifySettings } from './notify-settings.ts';

export interface ConfiguredChannel {
  channel: ChannelName;
  /** Since when and why its notifications are not delivered. */
  failing?: Omit<ChannelTrouble, 'channel'> | undefined;
}

export async function configuredChannels(
  context: ActionContext,
): Promise<{ channels: ConfiguredChannel[]; problems: string[] }> {
  const { env, home, host } = context;
  const { settings, problems } = await readNotifySettings(env, home);
  const troubles = await channelTroubles(supervisorPaths(home, host));
  const failures = new Map(troubles.map(({ channel, ...failing }) => [channel, failing]));
  const channels = channelsOf(settings, context).map(({ name }) => ({
    channel: name,
    failing: failures.get(name),
  }));
  return { channels, problems };
}

export interface Trial {
  channel: ChannelName;
  why?: string;
}

const TEST_MS = 30_000;

/** Sends a test notification through each channel immediately, bypassing the queue. */
export async function testChannels(context: ActionContext, signal: AbortSignal): Promise<Trial[]> {
  await refuseFromInside(context);
  const { env, home, clock } = context;
  const { settings } = await readNotifySettings(env, home);
  const one: Notification = {
    id: `test:${ulid()}`,
    at: isoUtc(clock.now()),
    kind: 'done',
    needsPerson: false,
    session: 'test',
    sessionsDir: '',
    project: 'samocode',
    title: 'A test notification from samocode',
    body: 'It was sent by "samocode notify test".',
  };
  const tries = channelsOf(settings, context).map((channel) => attempt(channel, one, signal));
  return await Promise.all(tries);
}

async function attempt(channel: NotifyChannel, one: Notification, signal: AbortSignal): Promise<Trial> {
  const { name } = channel;
  try {
    await within({ channel: name, ms: TEST_MS, signal }, (ended) => channel.send(one, ended));
    return { channel: name };
  } catch (error) {
    if (!NOTIFY_ERRORS.undelivered.is(error)) throw error;
    return { channel: name, why: error.why };
  }
}
