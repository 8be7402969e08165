import { afterBadDocument, afterUnreviewed, askAboutBase } from '../../kernel/phases/after-checks.ts';
import { decide } from '../../kernel/phases/decide.ts';
import type { Decision } from '../../kernel/phases/decision.ts';
import type { Outcome, Rules } from '../../kernel/phases/outcome.ts';
import { isUndecided } from '../../kernel/phases/proving.ts';
import { followsPlan, type Phase } from '../../kernel/phases/table.ts';
import { capitalised } from '../../kernel/text.ts';
import { objectsOf } from '../../project/git/repository.ts';
import { plannedOldTests } from '../../session/documents/plan-old-tests.ts';
import { planServers } from '../../session/documents/plan-servers.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { isBaseKnown, knownBase } from '../judge/base-run.ts';
import { failureNotes, judgingBase, mainGit } from '../judge/check-facts.ts';
import { tryFast } from '../judge/checks.ts';
import { branchGone, ledgerProblem, unreviewed } from '../judge/claims.ts';
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

/** What an agent must do first because of the requirement ledger or the servers in its plan. */
async function byDocuments(
  evidence: Evidence,
  { signal }: Pick<Outcome, 'signal'>,
  decision: Decision,
): Promise<Decision | undefined> {
  const { worker } = evidence;
  const { progress } = stateOf(worker);
  const { phase } = progress;
  const isPlanned = decision.kind === 'park' && decision.for === 'plan_approval';
  const movesOn = isPlanned || (decision.kind === 'run' && decision.phase !== phase);
  if (!movesOn) return undefined;
  if (phase === 'investigation' && decision.kind === 'run' && decision.phase === 'requirements')
    return undefined;
  if (!followsPlan(phase) && phase !== 'init') {
    const problem = await ledgerProblem(worker, phase);
    if (problem !== undefined) return afterBadDocument(progress, { rule: 'ledger', problem });
    if (!isPlanned && decision.phase !== 'implementation') return undefined;
    const servers = await serversProblem(evidence);
    if (servers !== undefined) return afterBadDocument(progress, { rule: 'plan_servers', problem: servers });
    const tests = await oldTestsProblem(evidence);
    return tests === undefined
      ? undefined
      : afterBadDocument(progress, { rule: 'plan_old_tests', problem: tests });
  }
  if (phase !== 'quality' || signal.kind !== 'signal') return undefined;
  const open = await unreviewed(evidence, signal.signal.reviewed);
  return open.length === 0 ? undefined : afterUnreviewed(progress, open);
}

/** Why no person could accept the plan's MCP servers. */
async function serversProblem(evidence: Evidence): Promise<string | undefined> {
  const { problems } = planServers((await evidence.plan()).text ?? '');
  return problems.length === 0 ? undefined : problems.join(' ');
}

/** Why the plan's old tests cannot be those of the base. */
async function oldTestsProblem({ worker, ...evidence }: Evidence): Promise<string | undefined> {
  const { files, problems } = plannedOldTests((await evidence.plan()).text ?? '');
  const base = judgingBase(stateOf(worker));
  const names = files.map(({ path }) => `${base}:${path}`);
  const found = base === undefined || names.length === 0 ? [] : await objectsOf(names, mainGit(worker));
  const missing = files.filter((_, at) => base !== undefined && found[at] === undefined);
  const all = [
    ...problems,
    ...missing.map(({ path }) => `The base has no ${path} ("Old tests that change").`),
  ];
  return all.length === 0 ? undefined : all.join(' ');
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
