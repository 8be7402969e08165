import type { ActionContext } from '../../actions/acting/context.ts';
import type { NotifyChannel } from '../channel.ts';
import { commandChannel } from '../channels/command.ts';
import { desktopChannel } from '../channels/desktop.ts';
import { webhookChannel } from '../channels/webhook.ts';
import type { NotifySettings } from '../notify-settings.ts';

export type ChannelContext = Pick<ActionContext, 'clock' | 'env' | 'home'>;

/** Every channel that the settings configure; a new one is a line here. */
export function channelsOf(settings: NotifySettings, { clock, env, home }: ChannelContext): NotifyChannel[] {
  const { notifyWebhookUrl: url, notifyWebhookSecret: secret, notifyCommand: command } = settings;
  return [
    ...(url === undefined ? [] : [webhookChannel({ url, secret, clock })]),
    ...(settings.notifyDesktop === 'auto' ? [desktopChannel({ env })] : []),
    ...(command === undefined ? [] : [commandChannel({ command, env, home })]),
  ];
}
