import { Api, GrammyError, HttpError } from 'grammy/web';

type Raw = Api['raw'];
type WithSignal<Call> = Call extends (args: infer Args, signal?: never) => infer Result
  ? (args: Args, signal: AbortSignal) => Result
  : never;
type Called =
  | 'answerCallbackQuery'
  | 'editMessageCaption'
  | 'editMessageText'
  | 'getUpdates'
  | 'sendDocument'
  | 'sendMessage';

/** The methods of the Bot API that we call; each takes its parameters and a signal that aborts the call. */
export type BotApi = { [Method in Called]: WithSignal<Raw[Method]> } & {
  [Method in 'getMe' | 'getWebhookInfo']: (signal: AbortSignal) => ReturnType<Raw[Method]>;
};

/** Timeout of a call; longer than a poll for updates. */
const CALL_SECONDS = 45;

export function newBotApi({ token, apiRoot }: { token: string; apiRoot: string }): BotApi {
  // Node requires `duplex` for a streamed body.
  const baseFetchConfig = { duplex: 'half' } as object;
  const { raw } = new Api(token, { apiRoot, timeoutSeconds: CALL_SECONDS, baseFetchConfig });
  // grammY's types use the AbortSignal of a polyfill for older versions of Node.
  return raw as unknown as BotApi;
}

export function isCallError(error: unknown): boolean {
  return error instanceof GrammyError || error instanceof HttpError;
}

/** Why a call failed, in as much detail as is needed to decide what to do. */
export type BotFailure =
  | { kind: 'slow_down'; retryAfterMs: number }
  | { kind: 'bad_token' }
  /** Another program polls for updates, or a webhook receives them. */
  | { kind: 'conflict'; with: 'poller' | 'webhook' }
  /** Blocked, removed, unknown, or without permission to write. */
  | { kind: 'closed_chat' }
  | { kind: 'bad_markup' }
  | { kind: 'not_modified' }
  | { kind: 'no_message' }
  | { kind: 'late_query' }
  | { kind: 'rejected'; status: number }
  | { kind: 'unreachable' };

/**
 * Classifies the error of a call. The error itself is not passed on: its cause may contain the address with the
 * token, and its description is text from the network.
 * @throws any error that does not come from a call
 */
export function sendingFailure(error: unknown): BotFailure {
  if (error instanceof HttpError) return { kind: 'unreachable' };
  if (!(error instanceof GrammyError)) throw error;
  const { error_code: status, description, parameters } = error;
  if (status === 429) return { kind: 'slow_down', retryAfterMs: (parameters.retry_after ?? 1) * 1000 };
  // A malformed token results in a path that the server does not know.
  if (status === 401 || status === 404) return { kind: 'bad_token' };
  if (status === 409) return { kind: 'conflict', with: /webhook/i.test(description) ? 'webhook' : 'poller' };
  if (status === 403) return { kind: 'closed_chat' };
  if (status >= 500) return { kind: 'unreachable' };
  const row = REJECTIONS.find(([pattern]) => pattern.test(description));
  return row === undefined ? { kind: 'rejected', status } : { kind: row[1] };
}

type Plain = Exclude<BotFailure, { retryAfterMs: number } | { with: string } | { status: number }>['kind'];

/** Descriptions that come with status 400. The API does not guarantee them, so anything else is `rejected`. */
const REJECTIONS: readonly (readonly [RegExp, Plain])[] = [
  [/can't parse entities/i, 'bad_markup'],
  [/message is not modified/i, 'not_modified'],
  [/message to edit not found|message can't be edited|message_id_invalid/i, 'no_message'],
  [/query is too old|query id is invalid/i, 'late_query'],
  [
    /chat not found|upgraded to a supergroup|not enough rights|have no rights|peer_id_invalid/i,
    'closed_chat',
  ],
];

export interface FailureText {
  why: string;
  hint: string;
}

export function failureText(failure: BotFailure): FailureText {
  switch (failure.kind) {
    case 'slow_down':
      return text('Telegram limits how much the bot may send.', 'It will be sent later.');
    case 'bad_token':
      return text('Telegram does not know the bot: TELEGRAM_BOT_TOKEN is wrong or was revoked.', SET_UP);
    case 'conflict':
      return failure.with === 'webhook'
        ? text(
            'A webhook is set for the bot, so Telegram delivers its messages there.',
            'Use a separate bot for samocode, or remove the webhook (deleteWebhook of the Bot API).',
          )
        : text(
            'Another program reads the messages of the bot: another machine, or another tool with the same token.',
            'End that program, or use a separate bot on each machine.',
          );
    case 'closed_chat':
      return text(
        'The bot may not write to TELEGRAM_CHAT_ID: it is blocked or was removed, or the chat has changed.',
        `Write to the bot, or add it to the group again. If the group has become a supergroup: ${SET_UP}`,
      );
    case 'unreachable':
      return text('Telegram cannot be reached.', 'It will be retried.');
    case 'rejected':
      return text(
        `Telegram refused the message (${failure.status}).`,
        'Please report it, with the kind of the notification.',
      );
    default:
      return text(`Telegram refused the message (${failure.kind}).`, '');
  }
}

const SET_UP = 'Run: samocode notify telegram';

function text(why: string, hint: string): FailureText {
  return { why, hint };
}
