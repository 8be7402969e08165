import { writeWhole } from '../../base/files/atomic-file.ts';
import type { Decision, ParkDecision } from '../../phases/decision.ts';
import { park } from '../../phases/verdict.ts';
import { diffOfWeakened, weakenedIn } from '../../project/proving/weakened-read.ts';
import { parsePlan } from '../../session/documents/plan.ts';
import { readPlanEvidence } from '../core/evidence.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { baseOfWork, tipOfBranch } from './check-facts.ts';
import { fullCommands } from './ledger.ts';

/**
 * Waits for a person where the checks of a branch that has passed them may show less than those of its base, and
 * neither the approved plan nor a person has agreed to that.
 * @param decision what follows otherwise
 */
export async function waitIfWeakened(worker: Worker, decision: Decision): Promise<ParkDecision | undefined> {
  const { progress, acceptedWeakenings = [] } = stateOf(worker);
  const compared = await comparedCommits(worker);
  if (compared === undefined) return undefined;
  const question = { ...compared, commands: await fullCommands(worker), planned: await plannedFiles(worker) };
  const { context } = worker.git;
  const all = await weakenedIn(question, context);
  const weakened = all.filter(({ key }) => !acceptedWeakenings.includes(key));
  if (weakened.length === 0) return undefined;
  await writeWhole(worker.paths.weakenedDiff, await diffOfWeakened(question, weakened, context));
  const notes = 'notes' in decision ? decision.notes : undefined;
  const reason =
    question.commands.length > 0
      ? 'The checks pass, but files that they depend on were changed.'
      : 'No check runs here, and tests or their settings were changed.';
  return { ...park(progress.phase, 'qa_answers', decision.phase), weakened, reason, notes };
}

/** The commit that the present work began from, and the one that it has come to. */
export async function comparedCommits(
  worker: Worker,
): Promise<{ mainRepo: string; base: string; commit: string } | undefined> {
  const base = baseOfWork(stateOf(worker));
  if (base === undefined) return undefined;
  const { commit } = await tipOfBranch(worker);
  return { mainRepo: worker.file.mainRepo, base, commit };
}

async function plannedFiles(worker: Worker): Promise<string[]> {
  const { text, outcome } = await readPlanEvidence(worker);
  if (text === undefined || !outcome.approved) return [];
  return parsePlan(text).phases.flatMap(({ files }) => files);
}
