import {
  afterFailedChecks,
  afterImpossibleChecks,
  afterRedBase,
  afterUncommitted,
  afterUnreadMessages,
} from '../../phases/after-checks.ts';
import { decide } from '../../phases/decide.ts';
import type { Decision } from '../../phases/decision.ts';
import type { Outcome, Rules } from '../../phases/outcome.ts';
import type { Phase } from '../../phases/table.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { provingOf, stateOf, type Worker } from '../core/worker.ts';
import { patienceOf } from '../limits/outage-end.ts';
import { failureNote } from '../proving/check-set.ts';
import { judgeTests } from '../proving/judge-tests.ts';
import { proveBranch, tryFast } from '../proving/prove.ts';

export interface Checked {
  decision: Decision;
  /** The checks that ran for it. */
  events: NewEvent[];
}

/**
 * The decision about an outcome. One to be done, or to go from testing to quality, holds only when everything is committed
 * and the project's own checks pass; to be done also only when no message of a person is left unread, none either that
 * comes while they run. @returns undefined when they were stopped
 */
export async function decideChecked(
  worker: Worker,
  { iteration }: Pick<OpenIteration, 'iteration'>,
  outcome: Outcome,
): Promise<Checked | undefined> {
  const { progress } = stateOf(worker);
  const decision = decide(progress, outcome, rulesOf(worker));
  if (isAfterWork(progress.phase, decision)) return await withFast(worker, iteration, decision);
  if (!needsProof(progress.phase, decision)) return { decision, events: [] };
  const isDone = decision.kind === 'done';
  if (isDone && hasUnread(worker)) return { decision: afterUnreadMessages(progress), events: [] };
  const { events, ...proof } = await proveBranch(worker, iteration);
  switch (proof.kind) {
    case 'stopped':
      return undefined;
    case 'impossible':
      return { decision: afterImpossibleChecks(progress, proof.reason), events };
    case 'base_red':
      return { decision: afterRedBase(progress, proof.reason), events };
    case 'uncommitted':
      return { decision: afterUncommitted(progress, proof.files), events };
    case 'failed': {
      const lines = proof.failures.map(({ command, how }) => `\`${command}\` (${how})`);
      return { decision: afterFailedChecks(progress, lines, proof.failures.map(failureNote)), events };
    }
    case 'passed': {
      if (isDone && hasUnread(worker)) return { decision: afterUnreadMessages(progress), events };
      return await withTests(worker, iteration, { decision, events });
    }
    default:
      return proof satisfies never;
  }
}

function needsProof(phase: Phase, decision: Decision): boolean {
  return decision.kind === 'done' || (phase === 'testing' && decision.phase === 'quality');
}

/** An agent's own word was taken, and another agent follows. */
function isAfterWork(
  phase: Phase,
  decision: Decision,
): decision is Extract<Decision, { kind: 'run' | 'limited' }> {
  return (
    phase === 'implementation' &&
    (decision.kind === 'run' || decision.kind === 'limited') &&
    decision.strike === undefined
  );
}

/** What fails comes first in the next prompt. */
async function withFast(
  worker: Worker,
  iteration: number,
  decision: Extract<Decision, { kind: 'run' | 'limited' }>,
): Promise<Checked | undefined> {
  const { events, ...fast } = await tryFast(worker, iteration);
  if (fast.kind === 'stopped') return undefined;
  const failed = fast.kind === 'failed' ? fast.failures.map(failureNote) : [];
  const impossible = fast.kind === 'impossible' ? [fast.reason] : [];
  return { decision: { ...decision, notes: [...failed, ...impossible, ...decision.notes] }, events };
}

async function withTests(
  worker: Worker,
  iteration: number,
  { decision: wanted, events }: Checked,
): Promise<Checked | undefined> {
  const judged = await judgeTests(worker, iteration, wanted);
  if (judged === undefined) return undefined;
  const { decision } = judged;
  const notice = decision.kind === 'done' ? inWorktreeNotice(worker) : [];
  return { decision, events: [...events, ...judged.events, ...notice] };
}

function inWorktreeNotice(worker: Worker): NewEvent[] {
  const { checks = worker.file.settings.checks } = stateOf(worker);
  if (checks.length === 0 || provingOf(worker).in !== 'worktree') return [];
  const text =
    'The checks ran in the folder of the agent (CHECK_IN=worktree): uncommitted and ignored files took part.';
  return [{ type: 'notice', code: 'checks_in_worktree', text }];
}

function hasUnread(worker: Worker): boolean {
  return stateOf(worker).messages.waiting.length > 0;
}

function rulesOf({ file: { settings } }: Worker): Rules {
  // A plan always parks; a gate that is left open is opened there, on record, as the person's choice.
  const gates = { qa: settings.gates.includes('qa'), plan: true };
  return { gates, maxRetries: settings.maxRetries, patience: patienceOf(settings) };
}
