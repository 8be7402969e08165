import * as z from 'zod';
import type { Decision } from './decision.ts';
import type { EndingKind } from './ending.ts';
import { COUNTED_ENDINGS } from './ending.ts';
import { BLOCK_AFTER, NUDGE_AFTER } from './table.ts';
import { block } from './verdict.ts';

export const ProgressTrail = z.object({
  /** Fingerprints of the newest iterations, oldest first. */
  prints: z.array(z.string()),
  /** The number of iterations in a row that ended in an earlier state. */
  equal: z.int().nonnegative(),
  /** The reason why the work of one of those was refused, as the next agent read it. */
  refusal: z.string().optional(),
});
export type ProgressTrail = z.infer<typeof ProgressTrail>;

export const EMPTY_TRAIL: ProgressTrail = { prints: [], equal: 0 };

/** Longer than any cycle worth detecting: A, B, A, B is no progress either. */
const REMEMBERED = 8;

/** The trail after another agent. Endings that were not the agent's fault don't indicate progress. */
export function withPrint(
  trail: ProgressTrail,
  { print, ending, decision }: { print: string | undefined; ending: EndingKind; decision?: Decision },
): ProgressTrail {
  if (print === undefined || !COUNTED_ENDINGS.includes(ending)) return trail;
  const prints = [...trail.prints.filter((known) => known !== print), print].slice(-REMEMBERED);
  const equal = equalAfter(trail, print);
  // Other notes, such as a hand-off, refuse nothing.
  const isRefused = decision?.kind === 'run' && (decision.retry !== undefined || decision.sentBack);
  const refusal = (isRefused ? decision.notes[0] : undefined) ?? (equal > 1 ? trail.refusal : undefined);
  return refusal === undefined ? { prints, equal } : { prints, equal, refusal };
}

function equalAfter({ prints, equal }: ProgressTrail, print: string): number {
  if (!prints.includes(print)) return 1;
  // A return to an earlier state undid the iterations in between: they count too.
  return prints.at(-1) === print ? equal + 1 : Math.max(equal + 1, NUDGE_AFTER);
}

/**
 * Keeps a decision to continue, adds a note, or blocks, depending on the trail including this iteration.
 * @param evidence what did not change, for the next agent and for people
 */
export function breakLoop(decision: Decision, { equal, refusal }: ProgressTrail, evidence: string): Decision {
  if (decision.kind !== 'run' || equal < NUDGE_AFTER) return decision;
  const found = `The last ${equal} iterations changed nothing: ${evidence}.`;
  const behind = refusal === undefined ? '' : ` What was refused: ${refusal}`;
  if (equal >= BLOCK_AFTER) return block(decision.phase, 'no_progress', `${found}${behind}`);
  const note = `${found} Try another way, or a smaller step; if you cannot, signal \`blocked\` and say what blocks you.`;
  return { ...decision, notes: [...decision.notes, note] };
}
