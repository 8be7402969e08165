import { listed } from '../base/text.ts';
import type { Decision } from './decision.ts';
import type { Progress } from './progress.ts';
import { MAX_QUALITY_ROUNDS, MAX_TEST_RETURNS, PHASES } from './table.ts';
import { block, run } from './verdict.ts';

/**
 * A child said done, but a check of the project fails: the work goes back to implementation, as after
 * failed tests and as often.
 * @param failures one line per failed check
 * @param details for the next agent: what they printed
 */
export function afterFailedChecks(
  progress: Progress,
  failures: readonly string[],
  details: readonly string[] = [],
): Decision {
  return backToWork(progress, {
    rule: 'checks',
    reason: `Checks of the project failed: ${failures.join('; ')}`,
    details,
  });
}

function backToWork(
  progress: Progress,
  {
    rule,
    reason,
    details,
  }: { rule: 'checks' | 'uncommitted' | 'false_done'; reason: string; details: readonly string[] },
): Decision {
  // Without one more child in this phase the way back would end at its limit, and nobody would hear of the checks.
  const { phase, testReturns } = progress;
  if (isLastIn(progress) || testReturns >= MAX_TEST_RETURNS) return block(phase, rule, reason);
  return run('implementation', [`${reason}. Fix this first.`, ...details]);
}

/**
 * What a child said is done, and what was found says otherwise: the work goes back to implementation with the whole list,
 * as after failed tests and as often.
 * @param claims a line each, failed checks aside
 */
export function afterFalseClaims(
  progress: Progress,
  claims: readonly string[],
  { failures = [], details = [] }: { failures?: readonly string[]; details?: readonly string[] } = {},
): Decision {
  const failed = failures.length === 0 ? [] : [`checks of the project failed: ${failures.join('; ')}`];
  return backToWork(progress, {
    rule: 'false_done',
    reason: `The work is not done: ${[...claims, ...failed].join('; ')}`,
    details,
  });
}

function isLastIn({ phase, counted }: Progress): boolean {
  return counted[phase] + 1 >= PHASES[phase].limit;
}

const MAX_LISTED = 30;

/**
 * Work is left that no commit holds: one more agent of the phase commits it, the next time implementation does, as often
 * as failed tests may send the work back.
 */
export function afterUncommitted(progress: Progress, files: readonly string[]): Decision {
  const reason = notCommitted(files);
  if (progress.strikes.corrected) return backToWork(progress, { rule: 'uncommitted', reason, details: [] });
  const note = `The work of the agent before you was not accepted, because checks run on a fresh clone of the branch. ${reason}. Commit what belongs to the work; remove or ignore the rest; then signal again.`;
  return { ...run(progress.phase, [note]), strike: 'corrective' };
}

export function notCommitted(files: readonly string[]): string {
  return `Not committed: ${listed(files, MAX_LISTED)}`;
}

/**
 * Quality moves on, or the session would be done, and requirements that only a review can show are not among those that
 * quality has found to hold: one more round.
 */
export function afterUnreviewed(progress: Progress, open: readonly string[]): Decision {
  const { phase, qualityRounds } = progress;
  const reason = open.join('; ');
  const isLastRound = phase === 'quality' && qualityRounds >= MAX_QUALITY_ROUNDS;
  if (isLastIn(progress) || isLastRound) return block(phase, 'false_done', reason);
  const note = `${reason}. Review each. In your signal, name those that hold: "reviewed": ["R1"]. Where one does not hold, repair it first.`;
  return run('quality', [note]);
}

/** Nothing is planned or approved by a requirement ledger, or MCP servers of a plan, that cannot be read. */
export function afterBadDocument(
  { phase, strikes }: Progress,
  { rule, problem }: { rule: 'ledger' | 'plan_servers'; problem: string },
): Decision {
  if (strikes.corrected) return block(phase, rule, problem);
  return { ...run(phase, [`${problem} Fix this first, then signal again.`]), strike: 'corrective' };
}

/**
 * No agent can help: the checks fail on the base commit too, or the shell does not find a command. A run for each look
 * would be paid for nothing.
 */
export function afterImpossible(
  { phase }: Progress,
  rule: 'base_checks' | 'checks',
  reason: string,
): Decision {
  return block(phase, rule, reason);
}

/** A child said done while a message came that it never saw: one more reads it. */
export function afterUnreadMessages(progress: Progress, ids: readonly string[]): Decision {
  return run(progress.phase, [
    `Messages from the human arrived while the agent before you worked: ${ids.join(', ')}. Read them.`,
  ]);
}
