import { errors } from '../base/errors.ts';
import { LinkedController } from '../base/processes/linked-controller.ts';
import type { Notification } from './notification.ts';

export const CHANNEL_NAMES = ['telegram', 'webhook', 'desktop', 'command'] as const;
export type ChannelName = (typeof CHANNEL_NAMES)[number];

/** One way to reach the person. It keeps no queue and retries nothing: the outbox does, for every channel alike. */
export interface NotifyChannel {
  readonly name: ChannelName;
  /**
   * Sends one notification, or several as one digest.
   * @throws NOTIFY_ERRORS.undelivered, which says whether a later try can help and when
   */
  send(notifications: readonly Notification[], signal: AbortSignal): Promise<void>;
  /**
   * The question, plan or session of an earlier notification was settled: withdraws what could still be pressed, and
   * says who settled it. Only where a sent message can be changed.
   */
  settle?(settled: Settled, signal: AbortSignal): Promise<void>;
}

/** What ended the wait that a notification was about. */
export interface Settled {
  id: string;
  session: string;
  sessionsDir: string;
  /** One sentence: "Answered at the terminal: Q1 A, Q2 B." */
  how: string;
}

export const NOTIFY_ERRORS = errors({
  undelivered: ({ channel, why, canHelp }: Undelivered) => ({
    what: `A notification was not sent by ${channel}.`,
    why,
    hint:
      canHelp === 'later'
        ? 'It is sent again later.'
        : 'Correct the settings of the channel, then send a test.',
  }),
});

export interface Undelivered {
  channel: ChannelName;
  /** In words of ours: nothing that another program or the network has written. */
  why: string;
  /** `never`: this notification is given up. */
  canHelp: 'later' | 'never';
  retryAfterMs?: number;
}

/**
 * Lets an act run until it is done, the time is over or the signal is aborted; its own signal ends it.
 * @returns `timed_out` where the time was over @throws what the act throws, or the reason of the signal
 */
export async function within(
  { ms, signal }: { ms: number; signal: AbortSignal },
  act: (signal: AbortSignal) => Promise<void>,
): Promise<'done' | 'timed_out'> {
  using ended = new LinkedController(signal);
  ended.signal.throwIfAborted();
  const limit = AbortSignal.timeout(ms);
  limit.addEventListener('abort', () => ended.abort(), { once: true });
  try {
    await act(ended.signal);
    return 'done';
  } catch (error) {
    if (limit.aborted && !signal.aborted) return 'timed_out';
    throw error;
  }
}
