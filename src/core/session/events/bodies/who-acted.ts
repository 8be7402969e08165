import * as z from 'zod';
import { CHANNELS, PERSONAL } from '../../../kernel/phases/channels.ts';

export const Channel = z.enum(CHANNELS);
export type Channel = z.infer<typeof Channel>;

/** Whether only a person can act by this channel, on the page in a confirmed tab. */
export function isPersonalChannel(channel: Channel): boolean {
  return PERSONAL.some((each) => each === channel);
}

/** Who acted. `atStart`: by a choice made when the session was started. */
export const By = z.object({
  channel: Channel,
  client: z.string().max(100).optional(),
  /** A person on another machine of the pool, as named by the board; absent on the machine that has the session. */
  person: z.string().max(100).optional(),
  atStart: z.literal(true).optional(),
  /** On the page, in a tab in which nobody has typed the digits that a terminal showed: it could be a program's. */
  unconfirmed: z.literal(true).optional(),
});
export type By = z.infer<typeof By>;

/** Who sends a command. `remote`: a client on another machine, with a token of the server on HTTP; its record is its name. */
export const CommandBy = By.extend({ remote: z.literal(true).optional() });
export type CommandBy = z.infer<typeof CommandBy>;

/** Whether a person acted, and no program can have. */
export function isPersonal({ channel, unconfirmed }: Pick<By, 'channel' | 'unconfirmed'>): boolean {
  return isPersonalChannel(channel) && !unconfirmed;
}
