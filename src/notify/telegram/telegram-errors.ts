import { errors } from '../../base/errors.ts';
import type { FailureWords } from './bot-api.ts';

/** What the set-up of Telegram ends in. */
export const TELEGRAM_ERRORS = errors({
  telegram_no_chat: ({ bot }: { bot: string }) => ({
    what: 'Telegram was not set up.',
    why: `No message with the code came to @${bot} within ten minutes.`,
    hint: 'Run the command again, and send what it shows.',
  }),
  telegram_refused: ({ why, hint }: FailureWords) => ({ what: 'Telegram was not set up.', why, hint }),
  telegram_token_form: () => ({
    what: 'Telegram was not set up.',
    why: 'That is not a bot token: one looks like 123456789:AAE… and has no spaces.',
    hint: 'Send /newbot to @BotFather in Telegram, and copy the token from its reply.',
  }),
});
