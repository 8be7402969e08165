import * as z from 'zod';

/** The version of events, commands and `session.json` that this program writes; leases have one of their own. */
export const FORMAT_VERSION = 1;

/** What a newer samocode wrote, whatever else stands in it. */
export const NewerVersion = z.looseObject({ v: z.number().gt(FORMAT_VERSION) });
