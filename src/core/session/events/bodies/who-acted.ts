import * as z from 'zod';
import { CHANNELS, PERSONAL } from '../../../kernel/phases/channels.ts';

export const Channel = z.enum(CHANNELS);
export type Channel = z.infer<typeof Channel>;

export function isPersonal(channel: Channel): boolean {
  return PERSONAL.some((each) => each === channel);
}

/** Who acted. `atStart`: by a choice made when the session was started. */
export const By = z.object({
  channel: Channel,
  client: z.string().max(100).optional(),
  /** A person on another machine of the pool, as named by the board; absent on the machine that has the session. */
  person: z.string().max(100).optional(),
  atStart: z.literal(true).optional(),
});
export type By = z.infer<typeof By>;

/** Who sends a command. `remote`: a client on another machine, with a token of the server on HTTP; its record is its name. */
export const CommandBy = By.extend({ remote: z.literal(true).optional() });
export type CommandBy = z.infer<typeof CommandBy>;
