import * as z from 'zod';
import { OUTAGES, type OutageKind } from '../../../phases/ending.ts';
import { OUTAGE_WORDS } from '../../../phases/outage.ts';

/** What is waited out where it is no usage limit, and after when a person is asked. */
const OutageWait = z.object({ kind: z.enum(OUTAGES), asksAt: z.number() });

/** A wait that ends by itself. Times are milliseconds since the epoch. */
export const Limited = z.object({ until: z.number(), guessed: z.boolean(), outage: OutageWait.optional() });

/** What is waited out, when it is tried again and who is asked when. */
export function outageWords(
  kind: OutageKind,
  { next, asks }: { next?: string | undefined; asks?: string | undefined } = {},
): string {
  const times = [next && `next try ${next}`, asks && `asks ${asks}`].filter(Boolean).join(', ');
  return times === '' ? OUTAGE_WORDS[kind] : `${OUTAGE_WORDS[kind]}; ${times}`;
}
