import * as z from 'zod';
import type { Decision, JudgedSignal } from './decision.ts';
import { GRANTS } from './grants.ts';
import { isAccepted } from './progress.ts';
import { PHASE_NAMES, type Phase } from './table.ts';

/** Changes of code by agents that only write documents, as far as they still stand. */
export const CodeEdits = z.object({
  /** The worktree's files as a tree before the first of them. */
  tree: z.string(),
  /** At most a hundred. */
  paths: z.array(z.string()),
  count: z.int().positive(),
  phases: z.array(z.enum(PHASE_NAMES)),
  /** The newest iteration that changed something. */
  iteration: z.int(),
});
export type CodeEdits = z.infer<typeof CodeEdits>;

/** What an iteration left, by the trees of checkpoints: no ignored file, and nothing that others changed between iterations. */
export interface FoundEdits {
  phase: Phase;
  iteration: number;
  tree: string;
  changed: readonly string[];
  /** Paths that differ from before the first known edit. */
  differing: readonly string[];
}

const MOST = 100;

/** What was restored is left out. @returns undefined where no edit stands */
export function judgeCodeEdits(
  earlier: CodeEdits | undefined,
  { phase, iteration, tree, changed, differing }: FoundEdits,
): CodeEdits | undefined {
  const known = new Set([...changed, ...(earlier?.paths ?? [])]);
  const paths = differing.filter((path) => known.has(path));
  if (paths.length === 0) return undefined;
  const edits = { tree: earlier?.tree ?? tree, paths: paths.slice(0, MOST), count: paths.length };
  const before = { phases: earlier?.phases ?? [], iteration: earlier?.iteration ?? iteration };
  if (!paths.some((path) => changed.includes(path))) return { ...edits, ...before };
  return { ...edits, phases: [...new Set([...before.phases, phase])], iteration };
}

/** What is told from then on: an agent that works on the code is told once, or until its signal is accepted. */
export function codeEditsAfter(
  earlier: CodeEdits | undefined,
  end: { phase: Phase; codeEdits?: CodeEdits; signal?: JudgedSignal; decision: Decision },
): CodeEdits | undefined {
  if (GRANTS[end.phase] === 'documents') return end.codeEdits;
  return isAccepted(end) ? undefined : earlier;
}
