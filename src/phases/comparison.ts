import * as z from 'zod';
import type { Decision } from './decision.ts';

/** The comparison of two proposals that a plan phase asks for. */
export const ComparedProposals = z.object({
  planPhase: z.int(),
  /** Changed by the iterations of this plan phase so far. */
  lines: z.int().nonnegative(),
  /** open: nothing is missing so far. missing: the work was sent back for it. skipped: it was missing again. */
  state: z.enum(['open', 'written', 'missing', 'skipped']),
});
export type ComparedProposals = z.infer<typeof ComparedProposals>;

/** What an iteration of implementation left. */
export interface FoundComparison {
  /** The plan phase that was due and asks for two proposals. */
  askedBy: number | undefined;
  /** Lines of the worktree that the iteration added or removed. */
  lines: number;
  /** A comparison document came. */
  isWritten: boolean;
  /** The agent's own word was taken, and another agent follows. */
  isTaken: boolean;
}

/** A plan phase that changes no more lines needs no comparison. */
export const LINES_WITHOUT_COMPARISON = 20;

/** A missing comparison is asked for once. @returns undefined where none is asked for */
export function judgeComparison(
  earlier: ComparedProposals | undefined,
  { askedBy, lines: changed, isWritten, isTaken }: FoundComparison,
): ComparedProposals | undefined {
  // What was sent back comes first, whatever plan phase was due.
  const planPhase = earlier?.state === 'missing' ? earlier.planPhase : askedBy;
  if (planPhase === undefined) return undefined;
  const { lines: before, state } =
    earlier?.planPhase === planPhase ? earlier : ({ lines: 0, state: 'open' } as const);
  const lines = before + changed;
  if (state === 'written' || state === 'skipped') return { planPhase, lines, state };
  if (isWritten) return { planPhase, lines, state: 'written' };
  if (!isTaken || lines <= LINES_WITHOUT_COMPARISON) return { planPhase, lines, state };
  return { planPhase, lines, state: state === 'missing' ? 'skipped' : 'missing' };
}

export type RunOrLimited = Extract<Decision, { kind: 'run' | 'limited' }>;

/** One more agent of implementation, which first makes up for the comparison. */
export function afterMissingComparison(
  { planPhase, lines }: ComparedProposals,
  decision: RunOrLimited,
): RunOrLimited {
  const note = `Plan phase ${planPhase} asks for two proposals (\`Proposals: two\`). ${lines} lines were changed for it, and there is no comparison document. Before any other work, write both proposals and the comparison for that phase; what is built counts as one of them. Then change the code to what the comparison recommends. If minimal and clean cannot differ there, say why in the \`reason\` of your signal.`;
  return { ...decision, phase: 'implementation', notes: [note, ...decision.notes] };
}
