import type { ActionContext } from '../../../core/caller/context/context.ts';
import { TelegramChannel, type TelegramContext } from '../telegram/telegram-channel.ts';
import { telegramSettings } from '../telegram/telegram-settings.ts';
import type { NotifyChannel } from './channel.ts';
import { commandChannel } from './command.ts';
import { desktopChannel } from './desktop.ts';
import type { NotifySettings } from './notify-settings.ts';
import { webhookChannel } from './webhook.ts';

type ChannelContext = Pick<ActionContext, 'env' | 'home'> & TelegramContext;

/** Every channel that the settings configure, with its own; a new channel needs a line here. */
export function channelsOf(
  { retired, ...settings }: NotifySettings,
  context: ChannelContext,
): NotifyChannel[] {
  const { clock, env, home } = context;
  const telegram = telegramSettings(settings);
  const { notifyWebhookUrl: url, notifyWebhookSecret: secret, notifyCommand: command } = settings;
  return [
    ...(telegram === undefined ? [] : [new TelegramChannel(telegram, context)]),
    ...(url === undefined ? [] : [webhookChannel({ url, secret, clock, retired })]),
    ...(settings.notifyDesktop === 'auto' ? [desktopChannel({ env })] : []),
    ...(command === undefined ? [] : [commandChannel({ command, env, home })]),
  ];
}
