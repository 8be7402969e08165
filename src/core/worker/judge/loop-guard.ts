import { fingerprint } from '../../kernel/files/fingerprint.ts';
import type { Decision, JudgedSignal } from '../../kernel/phases/decision.ts';
import type { EndingKind } from '../../kernel/phases/ending.ts';
import { breakLoop, withPrint } from '../../kernel/phases/no-progress.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { openStore } from '../../project/checkpoints/checkpoint-store.ts';
import { documentsIn, type KeptDocument } from '../../project/checkpoints/take-files.ts';
import { isGitsAnswer } from '../../project/git/git-errors.ts';
import { parsePlan } from '../../session/documents/plan.ts';
import { checkpointPlace, type KeptWork } from '../record/keep-work.ts';
import type { PlanEvidence } from '../state/evidence.ts';
import { stateOf, type Worker } from '../state/worker.ts';

interface LoopQuestion {
  phase: Phase;
  signal?: JudgedSignal;
  ending: EndingKind;
  kept: KeptWork;
  plan: PlanEvidence;
}

/** Checks a decision to continue against the progress of the last iterations. The fingerprint goes into the event. */
export async function guardLoop(worker: Worker, decision: Decision, question: LoopQuestion) {
  const { phase, signal, ending, kept, plan } = question;
  const { worktree, sessionTree } = kept;
  const place = checkpointPlace(worker);
  if (worktree === undefined || sessionTree === undefined || place === undefined) return { decision };
  const documents = await documentsIn(await openStore(place), sessionTree).catch(unlessUnreadable);
  if (documents === undefined) return { decision };
  const print = progressPrint({ phase, signal, worktree: worktree.print, documents });
  const trail = withPrint(stateOf(worker).trail, { print, ending, decision });
  const trees = [worktree.worktreeTree, sessionTree].map((tree) => tree.slice(0, 10));
  return { decision: breakLoop(decision, trail, evidence(trees, signal, plan)), print };
}

/** A checkpoint that cannot be read shows no progress, and none that is missing. */
function unlessUnreadable(error: unknown): undefined {
  if (!isGitsAnswer(error)) throw error;
}

function evidence(
  [worktree, documents]: readonly string[],
  signal: JudgedSignal | undefined,
  { text }: PlanEvidence,
): string {
  const steps = text === undefined ? [] : parsePlan(text).phases.map((phase) => phase.steps);
  const ticked = steps.reduce((sum, { done }) => sum + done, 0);
  const total = steps.reduce((sum, step) => sum + step.total, 0);
  const plan = text === undefined ? 'no plan' : `${ticked} of ${total} steps of the plan checked off`;
  const outcome =
    signal === undefined
      ? 'no signal'
      : `signal ${signal.status}${signal.phase ? ` to ${signal.phase}` : ''}`;
  return `worktree ${worktree}, documents ${documents}, ${plan}, ${outcome}`;
}

interface PrintMaterial extends Pick<LoopQuestion, 'phase' | 'signal'> {
  worktree: string;
  documents: readonly KeptDocument[];
}

/** Documents that change with every agent, whatever it does: its signal, and the worker's overview. */
const ALWAYS_CHANGES: ReadonlySet<string> = new Set(['_overview.md', '_signal.json']);

/**
 * Fingerprint of the state after an iteration: the worktree's bytes, commits of nested repositories, documents with
 * the plan's checkboxes, questions, and the signal's status and target. File names and the signal's text are not
 * included.
 */
export function progressPrint(material: PrintMaterial): string {
  const { phase, signal, worktree, documents } = material;
  const relevant = documents.filter(({ name }) => !ALWAYS_CHANGES.has(name));
  // A copy under a new name is not progress.
  const contents = [...new Set(relevant.map(({ mode, id }) => `${mode} blob ${id}`))].sort();
  const direction = [phase, signal?.status, signal?.phase, signal?.for];
  return fingerprint(JSON.stringify([worktree, contents, direction])).slice(0, 32);
}
