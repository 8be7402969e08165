import { ulid } from 'ulid';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { refuseFromInside } from '../../../core/caller/context/refuse-from-inside.ts';
import { type ChannelState, readChannelState } from '../../../core/caller/facts/channel-state.ts';
import { isoUtc } from '../../../core/kernel/clock.ts';
import { supervisorPaths } from '../../../core/sandbox/programs/supervisor-folder.ts';
import { type ChannelName, NOTIFY_ERRORS, type NotifyChannel, within } from '../notice/channel.ts';
import type { Notification } from '../notice/notification.ts';
import { readNotifySettings } from '../notice/notify-settings.ts';
import { channelsOf } from './channels-of.ts';

export interface ConfiguredChannel {
  channel: ChannelName;
  format?: string;
  /** Since when and why its notifications are not delivered. */
  failing?: ChannelState['failing'];
}

export async function configuredChannels(
  context: ActionContext,
): Promise<{ channels: ConfiguredChannel[]; problems: string[] }> {
  const { env, home, host } = context;
  const paths = supervisorPaths(home, host);
  const { settings, problems } = await readNotifySettings(env, home);
  const channels = channelsOf(settings, context).map(async ({ name, format }) => {
    const state = await readChannelState(paths, name);
    return { channel: name, format, failing: state?.failing };
  });
  return { channels: await Promise.all(channels), problems };
}

export interface Trial {
  channel: ChannelName;
  format?: string;
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
  const { name, format } = channel;
  try {
    await within({ channel: name, ms: TEST_MS, signal }, (ended) => channel.send(one, ended));
    return { channel: name, format };
  } catch (error) {
    if (!NOTIFY_ERRORS.undelivered.is(error)) throw error;
    return { channel: name, format, why: error.why };
  }
}
