import * as z from 'zod';
import { isoUtc } from '../../../base/clock.ts';
import { OUTAGES } from '../../../phases/ending.ts';
import { OUTAGE_WORDS } from '../../../phases/outage.ts';

/** What is waited out where it is no usage limit, and after when a person is asked. */
const OutageWait = z.object({ kind: z.enum(OUTAGES), asksAt: z.number() });

/** A wait that ends by itself. Times are milliseconds since the epoch. */
export const Limited = z.object({ until: z.number(), guessed: z.boolean(), outage: OutageWait.optional() });

/** What is waited out, when it is tried again and when a person is asked. */
export function outageWords(until: number, { kind, asksAt }: z.infer<typeof OutageWait>): string {
  return `${OUTAGE_WORDS[kind]}; next try at ${isoUtc(until)}, asks the user after ${isoUtc(asksAt)}`;
}
