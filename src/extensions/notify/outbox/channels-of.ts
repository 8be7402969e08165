import type { ActionContext } from '../../../core/caller/context/context.ts';
import { commandChannel } from '../channels/command.ts';
import { desktopChannel } from '../channels/desktop.ts';
import { webhookChannel } from '../channels/webhook.ts';
import type { NotifyChannel } from '../notice/channel.ts';
import type { NotifySettings } from '../notice/notify-settings.ts';
import { TelegramChannel } from '../telegram/telegram-channel.ts';

export interface ChannelContext extends Pick<ActionContext, 'clock' | 'env' | 'home'> {
  /** The supervisor's channel, which also listens. */
  telegram?: TelegramChannel;
}

/** Every channel that the settings configure; a new channel needs a line here. */
export function channelsOf(settings: NotifySettings, context: ChannelContext): NotifyChannel[] {
  const { clock, env, home, telegram = new TelegramChannel(context) } = context;
  const { telegramBotToken, telegramChatId } = settings;
  const hasTelegram = telegramBotToken !== undefined && telegramChatId !== undefined;
  const { notifyWebhookUrl: url, notifyWebhookSecret: secret, notifyWebhookFormat: format } = settings;
  const { notifyCommand: command } = settings;
  return [
    ...(hasTelegram ? [telegram] : []),
    ...(url === undefined ? [] : [webhookChannel({ url, format, secret, clock })]),
    ...(settings.notifyDesktop === 'auto' ? [desktopChannel({ env })] : []),
    ...(command === undefined ? [] : [commandChannel({ command, env, home })]),
  ];
}
