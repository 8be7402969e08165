import { createHmac } from 'node:crypto';
import type { Clock } from '../../../base/clock.ts';
import { systemErrorCode } from '../../../base/errors.ts';
import { NOTIFY_ERRORS, type NotifyChannel, type Undelivered } from '../notice/channel.ts';
import { payloadOf } from './payload.ts';

export interface WebhookOptions {
  url: string;
  secret?: string;
  clock: Pick<Clock, 'now'>;
}

/** Posts JSON. With a secret, the signature covers the time as well, so that a post cannot be replayed later. */
export function webhookChannel({ url, secret, clock }: WebhookOptions): NotifyChannel {
  return {
    name: 'webhook',
    async send(notifications, signal) {
      const body = payloadOf(notifications);
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': `samocode/${__VERSION__}`,
          ...(secret !== undefined && signed(body, secret, clock.now())),
        },
        body,
        redirect: 'manual',
        signal,
      }).catch((error: unknown) => {
        signal.throwIfAborted();
        throw undelivered({ why: `${networkWords(error)}.`, canHelp: 'later' }, error);
      });
      await response.body?.cancel();
      if (!response.ok) throw undelivered(refusalOf(response));
    },
  };
}

function signed(body: string, secret: string, nowMs: number): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const hmac = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return { 'x-samocode-timestamp': timestamp, 'x-samocode-signature': `sha256=${hmac}` };
}

function refusalOf({ status, headers }: Response): Omit<Undelivered, 'channel'> {
  const why = `The server answered ${status}.`;
  if (status !== 429 && status !== 408 && status < 500) return { why, canHelp: 'never' };
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return { why, canHelp: 'later', retryAfterMs: seconds > 0 ? seconds * 1000 : undefined };
}

function undelivered(args: Omit<Undelivered, 'channel'>, cause?: unknown) {
  return NOTIFY_ERRORS.undelivered({ channel: 'webhook', ...args }, { cause });
}

/** fetch puts the system error into `cause`, or several into an AggregateError. */
function networkWords(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  const code = systemErrorCode(first);
  return `The server cannot be reached${code === undefined ? '' : ` (${code})`}`;
}
