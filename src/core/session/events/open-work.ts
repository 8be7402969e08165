import * as z from 'zod';
import { Decision } from '../../kernel/phases/decision.ts';
import { Effect, Finishing } from './bodies/finishing.ts';
import { Position, RewindTarget } from './bodies/positions.ts';
import { By } from './bodies/who-acted.ts';

/** What was asked for at the end of a session, with what has been done of it. */
const Finish = z.intersection(Finishing, z.object({ effects: z.array(Effect) }));
export type Finish = z.infer<typeof Finish>;

/**
 * What is in progress in a session. It ends before anything else begins, and the next worker continues it after a
 * crash. An iteration is not part of it: a block or a stop can leave one open, and the session can be merged or archived
 * before a resume continues the iteration.
 */
export const OpenWork = z.union([
  /** The decision about an iteration, or about a session that was taken over: it becomes an event. */
  z.object({ kind: z.literal('decision'), decision: Decision }),
  /** The session is discarded before it began, by the answer to a question. */
  z.object({ kind: z.literal('discard_unbegun'), by: By }),
  /** `n`: number of the event that requested it. */
  z.object({
    kind: z.literal('rewind'),
    n: z.int(),
    by: By,
    to: RewindTarget,
    commit: z.string(),
    back: Position,
    /** It failed with only some files restored, and waits for a person. */
    isHalfway: z.literal(true).optional(),
  }),
  Finish,
]);
export type OpenWork = z.infer<typeof OpenWork>;
export type OpenWorkOf<K extends OpenWork['kind']> = Extract<OpenWork, { kind: K }>;

interface Working {
  work?: OpenWork;
}

/** What a worker does next, before anything else. A rewind that failed halfway waits for a resume or another rewind. */
export function workNow({ work }: Working): OpenWork | undefined {
  return work?.kind === 'rewind' && work.isHalfway ? undefined : work;
}

/** What the end in progress does; undefined if none is. Until it is over, nothing else can begin. */
export function endNow({ work }: Working): Finishing['kind'] | undefined {
  return work?.kind === 'discard_unbegun' ? 'discard' : finishNow({ work })?.kind;
}

/** The end of a session that is in progress. */
export function finishNow({ work }: Working): Finish | undefined {
  return work && 'effects' in work ? work : undefined;
}
