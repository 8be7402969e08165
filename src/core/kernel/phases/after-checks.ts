import { listed } from '../text.ts';
import type { Decision, ParkDecision } from './decision.ts';
import type { Progress } from './progress.ts';
import { followsPlan, limitOf, MAX_QUALITY_ROUNDS, MAX_TEST_RETURNS, type Phase } from './table.ts';
import { block, park, run } from './verdict.ts';

/**
 * An agent signalled the end of testing or of the session, but a check fails: back to implementation, as for failed tests
 * and with the same limit.
 * @param failures one line per failed check
 * @param details for the next agent: the output of the checks
 * @param returns how often; at the next time a person is asked
 */
export function afterFailedChecks(
  progress: Progress,
  failures: readonly string[],
  { details = [], returns = MAX_TEST_RETURNS }: { details?: readonly string[]; returns?: number } = {},
): Decision {
  return backToWork(progress, {
    rule: 'checks',
    reason: `Checks of the project failed: ${failures.join('; ')}`,
    details,
    returns,
  });
}

/** How often work goes back for checks that fail at times, which agents often cannot repair. */
export const MAX_UNSTEADY_RETURNS = 2;

function backToWork(
  progress: Progress,
  {
    rule,
    reason,
    details,
    returns = MAX_TEST_RETURNS,
  }: {
    rule: 'checks' | 'uncommitted' | 'false_done';
    reason: string;
    details: readonly string[];
    returns?: number;
  },
): Decision {
  // A phase at its limit is blocked here already: a block for the limit would hide the failed checks.
  const { phase, testReturns } = progress;
  if (isLastIn(progress) || testReturns >= returns) return block(phase, rule, reason);
  return { ...run('implementation', [`${reason}. Fix this first.`, ...details]), sentBack: true };
}

/**
 * An agent signalled done, but the findings contradict it: the work returns to implementation with all of them, as for
 * failed tests and with the same limit.
 * @param claims one line each, without failed checks
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

function isLastIn({ phase, counted, way }: Progress): boolean {
  return counted[phase] + 1 >= limitOf(phase, way);
}

const MAX_LISTED = 30;

/**
 * Uncommitted work: the first time, another agent of the phase commits it; the second time the work returns to
 * implementation, with the limit for failed tests.
 */
export function afterUncommitted(progress: Progress, files: readonly string[]): Decision {
  const reason = notCommitted(files);
  if (progress.failureCounts.corrected)
    return backToWork(progress, { rule: 'uncommitted', reason, details: [] });
  const note = `The work of the agent before you was not accepted, because checks run on a fresh clone of the branch. ${reason}. Commit what belongs to the work; remove or ignore the rest; then signal again.`;
  return { ...run(progress.phase, [note]), retry: 'corrective' };
}

/** Whether the work of the agent before was refused for the same files. */
export function repeats(refusal: string | undefined, files: readonly string[]): boolean {
  return refusal?.includes(`${notCommitted(files)}. `) ?? false;
}

/** The same is not committed again, in a worktree that is as it was: no agent is paid for it a third time. */
export function afterSameWork(
  { phase }: Progress,
  claims: readonly string[],
  files: readonly string[],
): Decision {
  const found = [...claims, notCommitted(files)].join('; ');
  const reason = `${found}. Another agent was told so, and left the worktree as it was. Commit there what belongs to the work, or remove it, and resume the session.`;
  return block(phase, 'uncommitted', reason);
}

export function notCommitted(files: readonly string[]): string {
  return `Not committed: ${listed(files, MAX_LISTED)}`;
}

/**
 * Quality moves on, or the session would be done, but some requirements that only a review can verify are not reviewed:
 * one more round.
 */
export function afterUnreviewed(progress: Progress, open: readonly string[]): Decision {
  const { phase, qualityRounds } = progress;
  const reason = open.join('; ');
  const isLastRound = phase === 'quality' && qualityRounds >= MAX_QUALITY_ROUNDS;
  if (isLastIn(progress) || isLastRound) return block(phase, 'false_done', reason);
  const note = `${reason}. Review each. In your signal, name those that hold: "reviewed": ["R1"]. Where one does not hold, repair it first.`;
  return { ...run('quality', [note]), sentBack: true };
}

/** A session must not move on with a requirement ledger or a plan that is refused. */
export function afterBadDocument(
  { phase, failureCounts }: Progress,
  { rule, problem }: { rule: 'ledger' | 'plan_servers' | 'plan_old_tests'; problem: string },
): Decision {
  if (failureCounts.corrected) return block(phase, rule, problem);
  return { ...run(phase, [`${problem} ${ONLY_THIS}`]), retry: 'corrective' };
}

const ONLY_THIS =
  'The documents of this phase are written: repair only this in them, and give the same signal.';

/**
 * The decision that asks a person about checks that fail on the base commit, before the work on it is planned; in a
 * session without a gate before the work, before it moves on.
 * @returns undefined if the question can wait
 */
export function askAboutBase({ phase, way }: Progress, decision: Decision): ParkDecision | undefined {
  const isBefore = !followsPlan(phase) && phase !== 'init';
  if (!isBefore && (phase !== 'implementation' || way === 'full')) return undefined;
  if (decision.kind === 'run' && (decision.phase !== phase || !isBefore))
    return waitAboutBase(phase, decision.phase, decision.notes);
  if (decision.kind !== 'park') return undefined;
  if (decision.for === 'plan_approval' && isBefore) return waitAboutBase(phase, phase);
  if (decision.for !== 'qa_answers') return undefined;
  return { ...decision, askNothingToClarify: undefined, asksAboutBase: true };
}

/** Asks the same when checks fail at the end on an untested base; after the answer, the phase continues. */
export function waitAboutBase(phase: Phase, resumePhase: Phase, notes?: string[]): ParkDecision {
  return { ...park(phase, 'qa_answers', resumePhase), asksAboutBase: true, ...(notes?.length && { notes }) };
}

/** A message arrived before an agent signalled done: another agent reads it. */
export function afterUnreadMessages(progress: Progress, ids: readonly string[]): Decision {
  return run(progress.phase, [`${ARRIVED}${ids.join(', ')}. Read them.`]);
}

const ARRIVED = 'Messages from the human arrived while the agent before you worked: ';

/** The note without a message that was withdrawn; dropped with the last. Other notes may name a message, and stay. */
export function withoutMessage(note: string, id: string): string[] {
  if (!note.startsWith(ARRIVED) || !note.includes(id)) return [note];
  const listed = [`${id}, `, `, ${id}`].find((part) => note.includes(part));
  return listed === undefined ? [] : [note.replace(listed, '')];
}
