import {
  afterMissingComparison,
  type ComparedProposals,
  judgeComparison,
  type RunOrLimited,
} from '../../phases/comparison.ts';
import type { Decision } from '../../phases/decision.ts';
import { diffStat } from '../../project/worktrees/changes.ts';
import { parseDocumentName } from '../../session/documents/documents.ts';
import { parsePlan } from '../../session/documents/plan.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { readPlanEvidence } from '../core/evidence.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { documentNames } from '../documents/own-documents.ts';
import { type Snapshot, snapshotBefore } from '../guarding/snapshot.ts';

/** What a comparison is looked for with when the child has ended; undefined in phases that build nothing. */
export async function comparisonBefore(
  worker: Worker,
  { phase }: Pick<OpenIteration, 'phase'>,
): Promise<Snapshot['comparison']> {
  if (phase !== 'implementation') return undefined;
  const { text, outcome } = await readPlanEvidence(worker);
  const phases = text !== undefined && outcome.approved ? parsePlan(text).phases : [];
  const due = phases.find(({ completed }) => !completed);
  return { askedBy: due?.wantsComparison ? due.number : undefined, documents: comparisonsOf(worker) };
}

export interface Held {
  decision: Decision;
  comparison?: ComparedProposals;
  events: NewEvent[];
}

/**
 * Sends work back once that changed code in a plan phase marked `Proposals: two` and left no comparison document; missing
 * again, that is recorded. Documents and the plan's mark are looked at, and never what they say.
 */
export async function heldToComparison(
  worker: Worker,
  open: OpenIteration,
  { decision, after }: { decision: Decision; after: Snapshot },
): Promise<Held> {
  const before = await snapshotBefore(worker, open);
  const { comparison: earlier } = stateOf(worker).progress;
  const asked = before?.comparison;
  if (asked === undefined || (asked.askedBy === undefined && earlier?.state !== 'missing'))
    return { decision, events: [] };
  const comparison = judgeComparison(earlier, {
    askedBy: asked.askedBy,
    lines: await changedLines(worker, before?.worktree?.tree, after.worktree?.tree),
    isWritten: comparisonsOf(worker).some((name) => !asked.documents.includes(name)),
    isTaken: isTaken(decision),
  });
  if (comparison === undefined || comparison.state === earlier?.state || !isTaken(decision))
    return { decision, comparison, events: [] };
  const { planPhase, lines } = comparison;
  if (comparison.state === 'missing')
    return { decision: afterMissingComparison(comparison, decision), comparison, events: [] };
  if (comparison.state !== 'skipped') return { decision, comparison, events: [] };
  const text = `Plan phase ${planPhase} asks for two proposals. ${lines} lines were changed for it, and no comparison was written, although the work was sent back for it.`;
  return { decision, comparison, events: [{ type: 'notice', code: 'comparison_skipped', text, flow: text }] };
}

/** The agent's own word was taken, and another agent follows. */
export function isTaken(decision: Decision): decision is RunOrLimited {
  return (decision.kind === 'run' || decision.kind === 'limited') && decision.strike === undefined;
}

function comparisonsOf(worker: Worker): string[] {
  return documentNames(worker).filter((name) => parseDocumentName(name)?.kind === 'comparison');
}

/** None where one of the two could not be kept: work is not sent back for what was not seen. */
async function changedLines(
  worker: Worker,
  base: string | undefined,
  head: string | undefined,
): Promise<number> {
  if (base === undefined || head === undefined || base === head) return 0;
  const { insertions, deletions } = await diffStat({
    ...worker.git.context,
    cwd: worker.file.mainRepo,
    base,
    head,
  });
  return insertions + deletions;
}
