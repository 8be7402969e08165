import { capitalised } from '../text.ts';
import type { BlockDecision, Decision, ParkDecision, RetryKind, RunDecision } from './decision.ts';
import type { Facts } from './edge-conditions.ts';
import type { EndingKind, OutageKind } from './ending.ts';
import { judgeSignal } from './judge-signal.ts';
import { isQuick, OUTAGE_TEXT, outageDurationMs, roughDuration } from './outage.ts';
import type { Outcome, Rules } from './outcome.ts';
import { isSentBack, type Progress } from './progress.ts';
import { followsPlan, limitOf } from './table.ts';
import { block, type Fault, faultOf, park, run } from './verdict.ts';

interface AllFacts extends Facts {
  outcome: Outcome;
  rules: Rules;
}

/**
 * The decision after an agent's end. Total and pure: no file, no clock, no throw.
 * A valid signal counts however the process ended; an invalid one gets a single corrective retry.
 */
export function decide(progress: Progress, outcome: Outcome, rules: Rules): Decision {
  const facts = { progress, outcome, rules };
  return showChangedPlan(facts, decideByEnd(facts));
}

/** The reason to block if no further agent may run in the current phase. */
export function checkLimit(progress: Progress): BlockDecision | undefined {
  const { phase, counted, way } = progress;
  const limit = limitOf(phase, way);
  if (counted[phase] < limit) return undefined;
  return block(phase, 'phase_limit', `${phase} has reached its limit of ${limit} iterations.`);
}

function decideByEnd(facts: AllFacts): Decision {
  const { outcome, progress } = facts;
  const { breach } = outcome;
  if (breach !== undefined) return block(breach.phase, breach.rule, breach.reason);
  switch (outcome.signal.kind) {
    case 'none':
      return withoutSignal(facts);
    case 'malformed': {
      const fault = faultOf('signal_json', `_signal.json could not be read: ${outcome.signal.problem}.`);
      // The process might have been interrupted while writing.
      return endedByItself(outcome) ? correct(progress, fault) : withoutSignal(facts, fault);
    }
    case 'signal': {
      const verdict = judgeSignal(facts, outcome.signal.signal);
      if (verdict.kind === 'legal') return delayed(outcome, verdict.decision);
      return forbidsRetry(outcome.end)
        ? withoutSignal(facts, verdict)
        : delayed(outcome, correct(progress, verdict));
    }
    default:
      return outcome.signal satisfies never;
  }
}

/** An error at the end of the process only delays the next start. */
function delayed(outcome: Outcome, decision: Decision): Decision {
  if (decision.kind !== 'run' || endedByItself(outcome)) return decision;
  // The worker ended the agent: there was no external problem.
  if (outcome.end === 'timeout' || outcome.cutByLimit) return decision;
  if (outcome.end !== 'usage_limit') return { ...decision, delay: 'backoff' };
  return limited(decision, outcome);
}

function withoutSignal(facts: AllFacts, fault?: Fault): Decision {
  const { progress, outcome } = facts;
  const notes = fault === undefined ? [] : [`Its signal was not accepted either: ${fault.problem}`];
  const quoted = outcome.problem ? ` ${outcome.problem}` : '';
  const { end } = outcome;
  switch (end) {
    case 'signalled':
    case 'no_signal':
      return noSignal(progress, outcome);
    case 'usage_limit':
      return limited(again(progress, 'excused', notes), outcome);
    case 'killed':
      return outcome.stopAsked ? stoppedByPerson(progress, notes) : retry(facts, notes);
    case 'timeout':
    case 'crashed':
    case 'not_started':
      return retry(facts, notes);
    case 'overloaded':
    case 'network':
      return waitOut(facts, end, notes);
    case 'flooded':
      return correct(
        progress,
        faultOf('log_ceiling', 'Its output exceeded the size limit of a log. Print less.'),
      );
    case 'auth':
      if (outcome.loginRenewed && progress.failureCounts.failures === 0)
        return again(progress, 'failure', [endedEarly(end), ...notes]);
      return block(progress.phase, end, `The agent CLI is not logged in or was refused.${quoted}`);
    case 'config':
      return block(progress.phase, end, `The agent CLI cannot run with its current setup.${quoted}`);
    case 'budget':
      return outcome.cutByLimit
        ? stoppedAtLimit(progress, notes)
        : block(progress.phase, end, `A spending limit was reached.${quoted}`);
    case 'refused':
      return block(progress.phase, end, `The model or its vendor refused.${quoted}`);
    default:
      return end satisfies never;
  }
}

function noSignal(progress: Progress, outcome: Outcome): Decision {
  const { corrected, failures } = progress.failureCounts;
  if (outcome.changed && failures === 0 && !corrected) {
    const note =
      'The agent before you ended without writing _signal.json; its changes are kept. See what it did, continue, and write the signal last.';
    return again(progress, 'no_signal', [note]);
  }
  return correct(progress, faultOf('no_signal', 'No _signal.json was written.'));
}

function retry({ progress, outcome, rules }: AllFacts, notes: string[]): Decision {
  const { failures } = progress.failureCounts;
  const { end, problem } = outcome;
  // Negated, so that NaN stops too.
  if (!(failures < rules.maxRetries)) {
    const quoted = problem ? ` ${problem}` : '';
    const reason = `The agent failed ${failures + 1} times in a row (${end}).${quoted}`;
    return block(progress.phase, end === 'timeout' ? 'timeouts' : 'retries', reason);
  }
  if (end === 'timeout') {
    const why = problem ?? 'It ran out of its time limit.';
    const note = `The agent before you was ended. ${why} Take a smaller step, commit it, and signal earlier.`;
    return again(progress, 'timeout', [note, ...notes]);
  }
  return { ...again(progress, 'failure', [endedEarly(end), ...notes]), delay: 'backoff' };
}

/** Does not count as a retry: a few quick tries, then longer and longer waits, then a person is asked. */
function waitOut({ progress, outcome, rules }: AllFacts, kind: OutageKind, notes: string[]): Decision {
  const { outage = { tries: 1, workedMs: 0 }, problem } = outcome;
  const lasted = outageDurationMs(outage, rules.patience);
  // Negated, so that NaN stops too.
  if (!(lasted < rules.patience.maxMs)) {
    const quoted = problem ? ` ${problem}` : '';
    const tried = `${capitalised(OUTAGE_TEXT[kind])}: ${outage.tries} tries in ${roughDuration(lasted)}.`;
    const reason = `${tried} A resume tries again at once, and then for as long again.${quoted}`;
    return block(progress.phase, kind, reason);
  }
  const next: RunDecision = { ...again(progress, 'excused', [endedEarly(kind), ...notes]), delay: 'backoff' };
  return isQuick(outage) ? next : limited(next, {});
}

function endedEarly(end: EndingKind): string {
  return `The agent before you ended early (${end}). See what it left, and continue from there.`;
}

function stoppedByPerson(progress: Progress, notes: string[]): Decision {
  const note = 'The agent before you was stopped by a person. See what it left, and continue from there.';
  return again(progress, 'excused', [note, ...notes]);
}

/** The next start checks whether the budget allows it. */
function stoppedAtLimit(progress: Progress, notes: string[]): Decision {
  const note = 'The agent before you was ended because the budget is nearly spent. See what it left.';
  return again(progress, 'excused', [note, ...notes]);
}

function correct(progress: Progress, { rule, problem }: Fault): Decision {
  if (progress.failureCounts.corrected) {
    const reason = `${problem} Its one corrective retry has failed too (rule ${rule}).`;
    return block(progress.phase, rule, reason);
  }
  const note = `The agent before you ended without an accepted signal: ${problem} Its work may be good: look at \`git status\`, the last commits and the newest document, finish what is missing, then signal.`;
  return again(progress, 'corrective', [note]);
}

function limited(
  { phase, notes, retry }: RunDecision,
  { limitedUntil }: Pick<Outcome, 'limitedUntil'>,
): Decision {
  return { kind: 'limited', phase, notes, until: limitedUntil ?? null, retry };
}

function again(progress: Progress, retry: RetryKind, notes: string[]): RunDecision {
  return { ...run(progress.phase, notes), retry };
}

/** Endings that another agent would repeat immediately, whatever its prompt. */
function forbidsRetry(end: EndingKind): boolean {
  return end === 'usage_limit' || end === 'auth' || end === 'config' || end === 'budget' || end === 'refused';
}

function endedByItself(outcome: Outcome): boolean {
  return outcome.end === 'signalled' || outcome.end === 'no_signal';
}

const PLAN_CHANGED = 'The plan was changed after its approval.';

/**
 * Parks if an agent changed the approved plan, however it ended: no work follows a plan that the user has not
 * seen. A block remains a block, because the user then sees the plan anyway.
 */
function showChangedPlan({ progress, outcome, rules }: AllFacts, decision: Decision): Decision {
  const { phase } = progress;
  if (!rules.gates.plan || !outcome.plan.changedSinceApproval || !followsPlan(phase)) return decision;
  switch (decision.kind) {
    case 'block':
      return decision;
    case 'park':
      return { ...park(phase, 'plan_approval', decision.resumePhase), reason: changedPlanReason(decision) };
    case 'done':
      return { ...park(phase, 'plan_approval'), reason: PLAN_CHANGED };
    case 'run':
    case 'limited':
      return {
        ...park(phase, 'plan_approval', decision.phase),
        reason: PLAN_CHANGED,
        ...(isSentBack(decision) && { sentBack: true as const }),
        ...(decision.notes.length > 0 && { notes: decision.notes }),
      };
    default:
      return decision satisfies never;
  }
}

function changedPlanReason(decision: ParkDecision): string {
  if (decision.for === 'plan_approval') return PLAN_CHANGED;
  const why = decision.reason === undefined ? '' : `: ${decision.reason}`;
  return `${PLAN_CHANGED} The agent also waits for ${decision.for}${why}`;
}
