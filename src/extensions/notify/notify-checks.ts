import type { ActionContext } from '../../core/caller/context/context.ts';
import { channelTroubleText } from '../../core/caller/facts/channel-state.ts';
import { type DoctorCheck, fail, ok, warn, warnIf } from '../../core/caller/refusals/check.ts';
import { readNotifySettings } from './channels/notify-settings.ts';
import { configuredChannels } from './channels/test-channels.ts';

/** Checks that the channels work, as far as the supervisor knows. Sends nothing. */
export async function notifyChecks(context: ActionContext): Promise<DoctorCheck[]> {
  const { channels, problems } = await configuredChannels(context);
  const { settings } = await readNotifySettings(context.env, context.home);
  const { telegramBotToken: token, telegramChatId: chat } = settings;
  return [
    ...problems.map((problem) =>
      (problem === settings.retired ? fail : warn)(
        'notify',
        problem,
        'Correct it in ~/.config/samocode/.env.',
      ),
    ),
    ...channels.map(({ channel, failing }) => {
      const id = `notify.${channel}`;
      if (failing === undefined) return ok(id, 'no notification has failed', `${channel} (no failures)`);
      const fix = 'Correct its settings, then test it: samocode notify test.';
      return warn(id, channelTroubleText({ channel, ...failing }), fix);
    }),
    ...warnIf(
      token !== undefined && chat === undefined,
      'notify.telegram',
      'TELEGRAM_CHAT_ID is not set: nothing is sent.',
      'Run: samocode notify telegram.',
    ),
  ];
}
