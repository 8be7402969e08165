import { afterBadDocument, afterUnreviewed, askAboutBase } from '../../kernel/phases/after-checks.ts';
import { decide } from '../../kernel/phases/decide.ts';
import type { Decision } from '../../kernel/phases/decision.ts';
import type { Outcome, Rules } from '../../kernel/phases/outcome.ts';
import { isUndecided } from '../../kernel/phases/proving.ts';
import { followsPlan, type Phase } from '../../kernel/phases/table.ts';
import { capitalised } from '../../kernel/text.ts';
import { objectsOf } from '../../project/git/repository.ts';
import { asksForDocuments, type DocumentFault, documentFault } from '../../session/documents/form.ts';
import { plannedOldTests } from '../../session/documents/plan-old-tests.ts';
import { ledgerText } from '../../session/documents/requirements.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { isBaseKnown, knownBase } from '../judge/base-run.ts';
import { failureNotes, judgingBase, mainGit } from '../judge/check-facts.ts';
import { tryFast } from '../judge/checks.ts';
import { branchGone, unreviewed } from '../judge/claims.ts';
import { afterUnrunnableBase, decideByObstacles } from '../judge/obstacles.ts';
import { patienceOf } from '../limits/account.ts';
import type { Evidence } from '../state/evidence.ts';
import { choicesOf, stateOf, type Worker } from '../state/worker.ts';

export interface Checked {
  decision: Decision;
  events: NewEvent[];
}

/**
 * The decision about an outcome. Done, and the step from testing to quality, require that none of the obstacles of
 * `core/kernel/phases/obstacles.ts` applies.
 */
export async function decideChecked(
  evidence: Evidence,
  iteration: number,
  outcome: Outcome,
): Promise<Checked> {
  const { worker } = evidence;
  const { progress } = stateOf(worker);
  const decision = decide(progress, outcome, rulesOf(worker));
  if (progress.phase === 'implementation' && isTaken(decision) && !needsProof(progress.phase, decision)) {
    const hints = await fastHints(evidence, iteration);
    // Failures come first in the next prompt.
    const notes = [...hints.notes, ...decision.notes];
    const asked = await withBaseQuestion(worker, { ...decision, notes });
    return { ...asked, events: [...hints.events, ...asked.events] };
  }
  if (!needsProof(progress.phase, decision)) {
    const instead = await byDocuments(evidence, outcome, decision);
    return instead ? { decision: instead, events: [] } : await withBaseQuestion(worker, decision);
  }
  const { signal, treeChanged } = outcome;
  // Only a reviewer confirms requirements: the agent that did the work cannot.
  const isReview = progress.phase === 'quality' && signal.kind === 'signal';
  const reviewed = isReview ? signal.signal.reviewed : undefined;
  return await decideByObstacles(evidence, { iteration, reviewed, treeChanged }, decision);
}

/** Whether the agent's signal was accepted and another agent follows. */
function isTaken(decision: Decision): decision is Extract<Decision, { kind: 'run' | 'limited' }> {
  return (decision.kind === 'run' || decision.kind === 'limited') && decision.retry === undefined;
}

function needsProof(phase: Phase, decision: Decision): boolean {
  return (
    decision.kind === 'done' ||
    ((phase === 'testing' || phase === 'implementation') && decision.phase === 'quality')
  );
}

/** What an agent must do first because of the requirement ledger, the plan or a review. */
async function byDocuments(
  evidence: Evidence,
  { signal }: Pick<Outcome, 'signal'>,
  decision: Decision,
): Promise<Decision | undefined> {
  const { worker } = evidence;
  const { progress, oldLedger } = stateOf(worker);
  const { phase } = progress;
  const wanted = asksForDocuments(phase, decision);
  if (wanted !== undefined) {
    const ledger = await ledgerText(worker.paths);
    const isPlan = wanted === 'plan';
    const { text: plan = '' } = isPlan ? await evidence.plan() : {};
    const fault =
      documentFault(phase, { ledger, plan, oldLedger }) ??
      (isPlan ? await oldTestsFault(evidence) : undefined);
    return fault && afterBadDocument(progress, fault);
  }
  const movesOn = decision.kind === 'run' && decision.phase !== phase;
  if (!movesOn || phase !== 'quality' || signal.kind !== 'signal') return undefined;
  const open = await unreviewed(evidence, signal.signal.reviewed);
  return open.length === 0 ? undefined : afterUnreviewed(progress, open);
}

/** Old tests of the plan that the base does not have. */
async function oldTestsFault({ worker, ...evidence }: Evidence): Promise<DocumentFault | undefined> {
  const { files } = plannedOldTests((await evidence.plan()).text ?? '');
  const base = judgingBase(stateOf(worker));
  if (base === undefined || files.length === 0) return undefined;
  const found = await objectsOf(
    files.map(({ path }) => `${base}:${path}`),
    mainGit(worker),
  );
  const missing = files.filter((_, at) => found[at] === undefined);
  const problems = missing.map(({ path }) => `The base has no ${path} ("Old tests that change").`);
  return problems.length === 0 ? undefined : { rule: 'plan_old_tests', problem: problems.join(' ') };
}

/**
 * A gate before the work waits for the base checks: the person is asked about a failure along with the agent's
 * questions. If the settings open that gate, they also answer the question. Without a gate, the question is asked once
 * the result is known.
 */
async function withBaseQuestion(worker: Worker, decision: Decision): Promise<Checked> {
  const { progress } = stateOf(worker);
  const asking = askAboutBase(progress, decision);
  const isBefore = !followsPlan(progress.phase);
  if (asking === undefined || (!isBefore && !isBaseKnown(worker))) return { decision, events: [] };
  const known = await knownBase(worker);
  const next = isUndecided(known.base) ? asking : decision;
  return { decision: (await afterUnrunnableBase(worker, known)) ?? next, events: known.events };
}

function rulesOf(worker: Worker): Rules {
  const { settings } = worker.file;
  return { ...choicesOf(worker), maxRetries: settings.maxRetries, patience: patienceOf(settings) };
}

/** The results of the fast checks, as notes for the next agent. */
async function fastHints(
  evidence: Evidence,
  iteration: number,
): Promise<{ notes: string[]; events: NewEvent[] }> {
  const gone = await branchGone(evidence);
  if (gone !== undefined)
    return { notes: [`${capitalised(gone)}. Recreate it at your last commit.`], events: [] };
  const { events, ...fast } = await tryFast(evidence, iteration);
  const failed = fast.kind === 'failed' ? await failureNotes(evidence.worker, fast.failures) : [];
  return { notes: fast.kind === 'impossible' ? [fast.reason] : failed, events };
}
