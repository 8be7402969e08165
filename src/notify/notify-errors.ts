import { errors } from '../base/errors.ts';
import type { ChannelName } from './channel.ts';

/** Why a notification did not get out. */
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
  /** How long the other side asks to wait. */
  retryAfterMs?: number;
}
