import * as z from 'zod';

/** The ways in which a human act can reach a session; `settings`: lines of `.samocode` that its person trusted. */
export const CHANNELS = ['tool', 'elicitation', 'cli', 'phone', 'file', 'settings'] as const;
export const Channel = z.enum(CHANNELS);
export type Channel = z.infer<typeof Channel>;

/** Those that no model and no program can use: `GATE_CHANNELS=person`. */
export const PERSONAL = ['elicitation', 'cli', 'phone'] as const satisfies readonly Channel[];

export function isPersonal(channel: Channel): boolean {
  return PERSONAL.some((each) => each === channel);
}

/** Who acted. `atStart`: by a choice made when the session was started. */
export const By = z.object({
  channel: Channel,
  client: z.string().max(100).optional(),
  atStart: z.literal(true).optional(),
});
export type By = z.infer<typeof By>;
