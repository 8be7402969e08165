import * as z from 'zod';
import { parseJson } from '../base/parse-json.ts';
import { isFolderName } from '../session/layout/names.ts';
import type { StateCard } from './board.ts';

const Ulid = z.string().regex(/^[\dA-HJKMNP-TV-Z]{26}$/);
const Oid = z.string().regex(/^(?:[\da-f]{40}|[\da-f]{64})$/);
const Card: z.ZodType<StateCard> = z.object({
  status: z.string(),
  phase: z.string(),
  iteration: z.int(),
  at: z.iso.datetime(),
});

/** The message of a published state: one line of JSON. */
export const StateNote = z.object({
  v: z.literal(1),
  id: Ulid,
  /** The root commit of the project. */
  project: Oid,
  folder: z.string().refine(isFolderName),
  branch: z.string().optional(),
  head: Oid.optional(),
  /** The number of its last event, and of the lease that wrote it. */
  n: z.int().nonnegative(),
  lease: z.int().nonnegative(),
  /** The host that has it; absent while nobody has. */
  host: z.string().optional(),
  hostName: z.string().optional(),
  epoch: z.int().nonnegative(),
  wanted: z.boolean(),
  /** Before which nobody should claim it: by the clock of the host that gave it back, and how long that is from then. */
  notBefore: z.object({ at: z.iso.datetime(), ms: z.number() }).optional(),
  needs: z.array(z.string()),
  card: Card,
  /** Of samocode, which wrote it. */
  version: z.string(),
});
export type StateNote = z.infer<typeof StateNote>;

export type NoteReading = { kind: 'note'; note: StateNote } | { kind: 'newer' } | { kind: 'malformed' };

export function stateNoteText(note: StateNote): string {
  return JSON.stringify(StateNote.parse(note));
}

export function readStateNote(text: string): NoteReading {
  const json = parseJson(text);
  const { success, data } = StateNote.safeParse(json);
  if (success) return { kind: 'note', note: data };
  const isNewer = z.object({ v: z.int().gt(1) }).safeParse(json).success;
  return { kind: isNewer ? 'newer' : 'malformed' };
}
