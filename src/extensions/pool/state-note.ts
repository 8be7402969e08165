import * as z from 'zod';
import { parseJson } from '../../core/kernel/parse-json.ts';
import { TRAVELLING } from '../../core/project/checkpoints/checkpoint-refs.ts';
import { isFolderName } from '../../core/session/layout/names.ts';
import type { StateCard } from './boards/board.ts';
import { LeftWork } from './saved/state-commit.ts';

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
  /** The number of the last event in the state. */
  n: z.int().nonnegative(),
  /** The number of the lease under which the state was saved. */
  lease: z.int().nonnegative(),
  /** The host that has the session; absent while no host has it. */
  host: z.string().optional(),
  hostName: z.string().optional(),
  epoch: z.int().nonnegative(),
  wanted: z.boolean(),
  needs: z.array(z.string()),
  card: Card,
  /** The work that stayed on a machine, by its name. Only shown, so a malformed value counts as absent. */
  left: LeftWork.extend({ on: z.string() }).optional().catch(undefined),
  /** The checkpoints to which the session can be rewound, by their names; they are parents of the state's commit. */
  checkpoints: z.record(z.string().regex(TRAVELLING), Oid).optional().catch(undefined),
  /** The version of samocode that wrote the state. */
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
