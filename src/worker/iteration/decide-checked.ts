import {
  afterBadDocument,
  afterFailedChecks,
  afterFalseClaims,
  afterImpossible,
  afterUncommitted,
  afterUnreadMessages,
  afterUnreviewed,
  notCommitted,
} from '../../phases/after-checks.ts';
import { decide } from '../../phases/decide.ts';
import type { Decision } from '../../phases/decision.ts';
import type { Outcome, Rules } from '../../phases/outcome.ts';
import type { Phase } from '../../phases/table.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { planServers } from '../../session/servers/plan-servers.ts';
import { readPlanEvidence } from '../core/evidence.ts';
import { checksOf, provingOf, stateOf, type Worker } from '../core/worker.ts';
import { patienceOf } from '../limits/outage-end.ts';
import { failureNote, tipOfBranch } from '../proving/check-facts.ts';
import { branchGone, falseClaims, laterWork } from '../proving/false-claims.ts';
import { fastHints } from '../proving/fast-hints.ts';
import { judgeTests } from '../proving/judge-tests.ts';
import { failedOf, ledgerProblem, unreviewed } from '../proving/ledger.ts';
import { proveBranch } from '../proving/prove.ts';

export interface Checked {
  decision: Decision;
  /** The checks that ran for it. */
  events: NewEvent[];
}

/**
 * The decision about an outcome. One to be done, or to go from testing to quality, holds only when the branch shows what the
 * plan promises, everything is committed and the project's own checks pass; to be done also only when no message of a
 * person is left unread, none either that comes while they run. @returns undefined when they were stopped
 */
export async function decideChecked(
  worker: Worker,
  { iteration }: Pick<OpenIteration, 'iteration'>,
  outcome: Outcome,
): Promise<Checked | undefined> {
  const { progress } = stateOf(worker);
  const decision = decide(progress, outcome, rulesOf(worker));
  if (progress.phase === 'implementation' && isTaken(decision)) {
    const hints = await fastHints(worker, iteration);
    // What fails comes first in the next prompt.
    const notes = [...(hints?.notes ?? []), ...decision.notes];
    return hints && { decision: { ...decision, notes }, events: hints.events };
  }
  if (!needsProof(progress.phase, decision)) {
    const instead = await byDocuments(worker, outcome, decision);
    return { decision: instead ?? decision, events: [] };
  }
  const isDone = decision.kind === 'done';
  const unread = () => (isDone ? stateOf(worker).messages.waiting : []);
  if (unread().length > 0) return { decision: afterUnreadMessages(progress, unread()), events: [] };
  const gone = await branchGone(worker);
  if (gone !== undefined) return { decision: afterFalseClaims(progress, [gone]), events: [] };
  const tip = stateOf(worker).worktree && (await tipOfBranch(worker));
  const claims = await falseClaims(worker, tip);
  const { requirements } = await readPlanEvidence(worker);
  const { events, ...proof } = await proveBranch(worker, iteration);
  switch (proof.kind) {
    case 'stopped':
      return undefined;
    case 'impossible':
      return { decision: afterImpossible(progress, 'checks', proof.reason), events };
    case 'base_red':
      return { decision: afterImpossible(progress, 'base_checks', proof.reason), events };
    case 'uncommitted': {
      const { files } = proof;
      if (claims.length === 0) return { decision: afterUncommitted(progress, files), events };
      return { decision: afterFalseClaims(progress, [...claims, notCommitted(files)]), events };
    }
    case 'failed': {
      const { ofProject, requirements: open } = await failedOf(worker, proof.failures);
      const failures = ofProject.map(({ command, how }) => `\`${command}\` (${how})`);
      const details = proof.failures.map(failureNote);
      const found = [...claims, ...open];
      if (found.length === 0) return { decision: afterFailedChecks(progress, failures, details), events };
      return { decision: afterFalseClaims(progress, found, { failures, details }), events };
    }
    case 'passed': {
      const open = isDone ? await unreviewed(worker) : [];
      if (claims.length > 0) return { decision: afterFalseClaims(progress, [...claims, ...open]), events };
      if (open.length > 0) return { decision: afterUnreviewed(progress, open), events };
      const judged = await judgeTests(worker, iteration, decision);
      if (judged === undefined) return undefined;
      events.push(...judged.events);
      const later = await laterWork(worker, tip);
      if (later.length > 0) return { decision: afterFalseClaims(progress, later), events };
      if (unread().length > 0) return { decision: afterUnreadMessages(progress, unread()), events };
      if (judged.decision.kind !== 'done') return { decision: judged.decision, events };
      const shown = requirements.length > 0 ? requirements : undefined;
      const done = { ...judged.decision, requirements: shown };
      return { decision: done, events: [...events, ...inWorktreeNotice(worker)] };
    }
    default:
      return proof satisfies never;
  }
}

/** The agent's own word was taken, and another agent follows. */
function isTaken(decision: Decision): decision is Extract<Decision, { kind: 'run' | 'limited' }> {
  return (decision.kind === 'run' || decision.kind === 'limited') && decision.strike === undefined;
}

function needsProof(phase: Phase, decision: Decision): boolean {
  return decision.kind === 'done' || (phase === 'testing' && decision.phase === 'quality');
}

/** What an agent has to do first because of the requirement ledger, or of servers that its plan proposes. */
async function byDocuments(
  worker: Worker,
  { signal }: Outcome,
  decision: Decision,
): Promise<Decision | undefined> {
  const { progress } = stateOf(worker);
  const { phase } = progress;
  const isPlanned = decision.kind === 'park' && decision.for === 'plan_approval';
  const movesOn = isPlanned || (decision.kind === 'run' && decision.phase !== phase);
  if (!movesOn) return undefined;
  if (phase === 'requirements' || phase === 'planning') {
    const problem = await ledgerProblem(worker, phase);
    if (problem !== undefined) return afterBadDocument(progress, { rule: 'ledger', problem });
    const servers = phase === 'planning' ? await serversProblem(worker) : undefined;
    return servers === undefined
      ? undefined
      : afterBadDocument(progress, { rule: 'plan_servers', problem: servers });
  }
  if (phase !== 'quality' || signal.kind !== 'signal') return undefined;
  const open = await unreviewed(worker, signal.signal.reviewed);
  return open.length === 0 ? undefined : afterUnreviewed(progress, open);
}

/** Why nobody could accept the MCP servers of the plan. */
async function serversProblem(worker: Worker): Promise<string | undefined> {
  const { problems } = planServers((await readPlanEvidence(worker)).text ?? '');
  return problems.length === 0 ? undefined : problems.join(' ');
}

function inWorktreeNotice(worker: Worker): NewEvent[] {
  if (checksOf(worker).length === 0 || provingOf(worker).in !== 'worktree') return [];
  const text =
    'The checks ran in the folder of the agent (CHECK_IN=worktree): uncommitted and ignored files took part.';
  return [{ type: 'notice', code: 'checks_in_worktree', text }];
}

function rulesOf({ file: { settings } }: Worker): Rules {
  // A plan always parks; a gate that is left open is opened there, on record, as the person's choice.
  const gates = { qa: settings.gates.includes('qa'), plan: true };
  return { gates, maxRetries: settings.maxRetries, patience: patienceOf(settings) };
}
