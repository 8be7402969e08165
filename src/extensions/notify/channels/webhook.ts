import { createHmac } from 'node:crypto';
import type { Clock } from '../../../core/kernel/clock.ts';
import { systemErrorCode } from '../../../core/kernel/errors.ts';
import { fingerprint } from '../../../core/kernel/files/fingerprint.ts';
import type { Notification } from '../notice/notification.ts';
import { NOTIFY_ERRORS, type NotifyChannel, type Undelivered } from './channel.ts';
import { payloadOf } from './payload.ts';

export interface WebhookOptions {
  url: string;
  secret?: string;
  /** Why nothing is sent: its receiver expects another format, which went. */
  retired?: string | undefined;
  clock: Pick<Clock, 'now'>;
}

/** Posts each notification, signed according to Standard Webhooks if there is a secret. */
export function webhookChannel({ url, secret, clock, retired }: WebhookOptions): NotifyChannel {
  const { address, authorization } = withoutUser(url);
  return {
    name: 'webhook',
    async send(notification, signal) {
      if (retired !== undefined) throw undelivered({ why: retired, retry: 'never' });
      const body = payloadOf(notification);
      const response = await fetch(address, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': `samocode/${__VERSION__}`,
          ...(authorization !== undefined && { authorization }),
          ...(secret !== undefined &&
            signed(body, secret, { id: messageId(notification), nowMs: clock.now() })),
        },
        body,
        redirect: 'manual',
        signal,
      }).catch((error: unknown) => {
        signal.throwIfAborted();
        throw undelivered({ why: `${networkProblem(error)}.`, retry: 'later' }, error);
      });
      await response.body?.cancel();
      if (!response.ok) throw undelivered(refusalOf(response));
    },
  };
}

/** fetch refuses a URL with credentials. */
function withoutUser(url: string): { address: URL; authorization?: string } {
  const address = new URL(url);
  const user = [address.username, address.password].map(decodeURIComponent).join(':');
  if (user === ':') return { address };
  Object.assign(address, { username: '', password: '' });
  return { address, authorization: `Basic ${Buffer.from(user).toString('base64')}` };
}

/** An id that is the same for every attempt to send the notification. */
function messageId({ id }: Notification): string {
  return `msg_${fingerprint(id).slice(0, 32)}`;
}

const ENCODED = /^whsec_/;

/** The headers of Standard Webhooks. The signature covers the time, so a post cannot be replayed later. */
function signed(body: string, secret: string, { id, nowMs }: { id: string; nowMs: number }) {
  const timestamp = String(Math.floor(nowMs / 1000));
  const key = ENCODED.test(secret) ? Buffer.from(secret.replace(ENCODED, ''), 'base64') : secret;
  const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${hmac}` };
}

function refusalOf({ status, headers }: Response): Omit<Undelivered, 'channel'> {
  const why = `The server answered ${status}.`;
  if (status !== 429 && status !== 408 && status < 500) return { why, retry: 'never' };
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return { why, retry: 'later', retryAfterMs: seconds > 0 ? seconds * 1000 : undefined };
}

function undelivered(args: Omit<Undelivered, 'channel'>, cause?: unknown) {
  return NOTIFY_ERRORS.undelivered({ channel: 'webhook', ...args }, { cause });
}

/** fetch puts the system error into `cause`, or several into an AggregateError. */
function networkProblem(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  const code = systemErrorCode(first);
  return `The server cannot be reached${code === undefined ? '' : ` (${code})`}`;
}
