import { errors } from '../../../core/kernel/errors.ts';
import { LinkedController } from '../../../core/kernel/processes/linked-controller.ts';
import type { Notification } from '../notice/notification.ts';

export const CHANNEL_NAMES = ['telegram', 'webhook', 'desktop', 'command'] as const;
export type ChannelName = (typeof CHANNEL_NAMES)[number];

/** One way to reach the person. It keeps no queue and retries nothing; the outbox does both for every channel. */
export interface NotifyChannel {
  readonly name: ChannelName;
  send(notification: Notification, signal: AbortSignal): Promise<void>;
}

export const NOTIFY_ERRORS = errors({
  undelivered: ({ channel, why, retry }: Undelivered) => ({
    what: `A notification was not sent through ${channel}.`,
    why,
    hint:
      retry === 'later' ? 'It will be retried.' : 'Correct the settings of the channel, then send a test.',
  }),
});

export interface Undelivered {
  channel: ChannelName;
  /** Our own text, with nothing written by another program or received from the network. */
  why: string;
  /** `never`: this notification is dropped. */
  retry: 'later' | 'never';
  retryAfterMs?: number;
  /** Set after a timeout: the message may have arrived. */
  mayHaveArrived?: true;
}

/** Runs `act`, one step of a channel, aborts it after `ms`, and then does not wait for it. */
export async function within<T>(
  { channel, ms, signal }: { channel: ChannelName; ms: number; signal: AbortSignal },
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  using ended = new LinkedController(signal);
  ended.signal.throwIfAborted();
  const limit = AbortSignal.timeout(ms);
  limit.addEventListener('abort', () => ended.abort(), { once: true });
  try {
    return await Promise.race([act(ended.signal), rejectedOn(ended.signal)]);
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error;
    const why = `No answer within ${ms / 1000} s.`;
    throw NOTIFY_ERRORS.undelivered({ channel, why, retry: 'later', mayHaveArrived: true });
  }
}

function rejectedOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
