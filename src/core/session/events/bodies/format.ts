import * as z from 'zod';

/** The version of events, commands and `session.json` that this program writes; leases have a separate one. */
export const FORMAT_VERSION = 2;

/** Those of commands and of `session.json` that it reads. */
export const FormatVersion = z.literal([1, FORMAT_VERSION]);

/** Matches what a newer samocode wrote, whatever its other contents. */
export const NewerVersion = z.looseObject({ v: z.number().gt(FORMAT_VERSION) });
