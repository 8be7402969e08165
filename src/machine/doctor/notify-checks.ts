import type { ActionContext } from '../../actions/acting/context.ts';
import { type DoctorCheck, ok, warn } from '../../actions/preconditions/check.ts';
import { troubleWords } from '../../actions/reading/channel-state.ts';
import { configuredChannels } from '../../notify/outbox/test-channels.ts';
import { failureWords, newBotApi, sendingFailure } from '../../notify/telegram/bot-api.ts';
import { readTelegramSettings } from '../../notify/telegram/telegram-settings.ts';

/** Whether the channels of notifications work, as far as the supervisor knows. Sends nothing. */
export async function notifyChecks(context: ActionContext): Promise<DoctorCheck[]> {
  const { channels, problems } = await configuredChannels(context);
  return [
    ...problems.map((problem) => warn('notify', problem, 'Correct it in ~/.config/samocode/.env.')),
    ...channels.map(({ channel, failing }) =>
      failing === undefined
        ? ok(`notify.${channel}`, 'no notification has failed')
        : warn(
            `notify.${channel}`,
            troubleWords({ channel, ...failing }),
            'Correct its settings, then try it: samocode notify test.',
          ),
    ),
  ];
}

/** A doctor that waits for a network that is not there says nothing. */
const PATIENCE_MS = 5000;
const ID = 'notify.telegram.bot';

/** Whether the bot is known, may write to its chat, and has no other reader. Sends nothing. */
export async function telegramChecks({ env, home }: ActionContext): Promise<DoctorCheck[]> {
  const { token, chat, users, apiRoot } = await readTelegramSettings(env, home);
  if (token === undefined) return [];
  if (chat === undefined)
    return [warn(ID, 'TELEGRAM_CHAT_ID is not set: nothing is sent.', 'Run: samocode notify telegram')];
  const api = newBotApi({ token, apiRoot });
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const { username } = await api.getMe(signal);
    const { url } = await api.getWebhookInfo(signal);
    const { type } = await api.getChat({ chat_id: chat }, signal);
    if (url) {
      const { why, hint } = failureWords({ kind: 'conflict', with: 'webhook' });
      return [warn(ID, why, hint)];
    }
    if (type !== 'private' && users.length === 0)
      return [
        warn(
          ID,
          'The chat is a group and TELEGRAM_USERS is not set: no member may act.',
          'Set TELEGRAM_USERS in the .env of the config folder to the users who may.',
        ),
      ];
    return [ok(ID, `@${username} writes to ${type === 'private' ? 'a private chat' : 'a group'}`)];
  } catch (error) {
    const { why, hint } = failureWords(sendingFailure(error));
    return [warn(ID, why, hint)];
  }
}
