import * as z from 'zod';
import type { Decision } from './decision.ts';
import type { EndingKind } from './ending.ts';
import { COUNTED_ENDINGS } from './ending.ts';
import { BLOCK_AFTER, NUDGE_AFTER } from './table.ts';
import { block } from './verdict.ts';

/** Fingerprints of the newest iterations, oldest first; `equal`: how many in a row came to what stood there before. */
export const ProgressTrail = z.object({ prints: z.array(z.string()), equal: z.int().nonnegative() });
export type ProgressTrail = z.infer<typeof ProgressTrail>;

export const EMPTY_TRAIL: ProgressTrail = { prints: [], equal: 0 };

/** Longer than any circle that is worth finding: A, B, A, B is no progress either. */
const REMEMBERED = 8;

/** The trail after one more child. Endings that were not the child's doing say nothing about progress. */
export function withPrint(
  trail: ProgressTrail,
  { print, ending }: { print: string | undefined; ending: EndingKind },
): ProgressTrail {
  if (print === undefined || !COUNTED_ENDINGS.includes(ending)) return trail;
  const prints = [...trail.prints.filter((known) => known !== print), print].slice(-REMEMBERED);
  return { prints, equal: equalAfter(trail, print) };
}

function equalAfter({ prints, equal }: ProgressTrail, print: string): number {
  if (!prints.includes(print)) return 1;
  // Who comes back to an earlier state has undone what was new in between: those iterations count too.
  return prints.at(-1) === print ? equal + 1 : Math.max(equal + 1, NUDGE_AFTER);
}

/** What the fingerprint was made of, in words for the next child and for people. */
export type Evidence = string;

/** Lets a decision to go on stand, tells the next child, or blocks: by the trail with this iteration in it. */
export function breakLoop(decision: Decision, { equal }: ProgressTrail, evidence: Evidence): Decision {
  if (decision.kind !== 'run' || equal < NUDGE_AFTER) return decision;
  const found = `The last ${equal} iterations changed nothing: ${evidence}.`;
  if (equal >= BLOCK_AFTER) return block(decision.phase, 'no_progress', found);
  const note = `${found} Try another way, or a smaller step; if you cannot, signal \`blocked\` and say what blocks you.`;
  return { ...decision, notes: [...decision.notes, note] };
}
