import type { BlockDecision, Decision, JudgedSignal, RunDecision } from './decision.ts';
import { judgeSignal } from './judge-signal.ts';
import type { Outcome, Rules } from './outcome.ts';
import type { Progress } from './progress.ts';
import { PHASES } from './table.ts';

/** How many children in a row may run out of time. */
const MAX_TIMEOUTS = 3;

/**
 * What follows from a child's end. Total and pure: no file, no clock, no throw.
 * A valid signal counts however the process ended; a bad one earns a single corrective retry.
 */
export function decide(progress: Progress, outcome: Outcome, rules: Rules): Decision {
  const { signal } = outcome;
  if (signal.kind === 'signal') return afterSignal(progress, outcome, rules, signal.signal);
  if (endedByItself(outcome) && signal.kind === 'malformed') {
    return correct(progress, 'signal_json', `_signal.json could not be read: ${signal.problem}.`);
  }
  return withoutSignal(progress, outcome, rules);
}

/** Says whether one more child may run in the current phase; a reason to block when it may not. */
export function checkLimit(progress: Progress): BlockDecision | undefined {
  const { phase, counted } = progress;
  const { limit } = PHASES[phase];
  if (counted[phase] < limit) return undefined;
  return block(
    progress,
    'phase_limit',
    `${limit} children ran in ${phase}, which is its limit.`,
    'human_decision',
  );
}

function afterSignal(progress: Progress, outcome: Outcome, rules: Rules, signal: JudgedSignal): Decision {
  const verdict = judgeSignal(progress, outcome, rules, signal);
  if (verdict.kind === 'refused') return correct(progress, verdict.rule, verdict.problem);
  const { decision } = verdict;
  if (decision.kind !== 'run' || endedByItself(outcome)) return decision;
  if (outcome.end === 'usage_limit') {
    return {
      kind: 'limited',
      phase: decision.phase,
      notes: decision.notes,
      until: outcome.limitedUntil ?? null,
    };
  }
  return outcome.end === 'timeout' ? decision : { ...decision, delay: 'backoff' };
}

function withoutSignal(progress: Progress, outcome: Outcome, rules: Rules): Decision {
  const said = outcome.problem ? ` It said: ${outcome.problem}` : '';
  switch (outcome.end) {
    case 'signalled':
    case 'no_signal':
      return noSignal(progress, outcome);
    case 'timeout':
      return timedOut(progress);
    case 'usage_limit':
      return { kind: 'limited', phase: progress.phase, notes: [], until: outcome.limitedUntil ?? null };
    case 'crashed':
    case 'killed':
    case 'overloaded':
    case 'network':
    case 'not_started':
      return retry(progress, rules, outcome.end, said);
    case 'flooded':
      return correct(progress, 'log_ceiling', 'Its output grew above the ceiling of a log. Print less.');
    case 'auth':
      return block(
        progress,
        'auth',
        `The agent CLI is not logged in or was refused.${said}`,
        'human_decision',
      );
    case 'config':
      return block(progress, 'config', `The agent CLI can't run as it is set up.${said}`, 'error_resolution');
    case 'budget':
      return block(progress, 'budget', `A spending limit was reached.${said}`, 'human_decision');
    case 'refused':
      return block(progress, 'refused', `The model refused the request.${said}`, 'human_decision');
    default:
      return outcome.end satisfies never;
  }
}

function noSignal(progress: Progress, outcome: Outcome): Decision {
  const { corrected, noSignal: earlier } = progress.strikes;
  if (outcome.changed && earlier === 0 && !corrected) {
    const note =
      'The child before you ended without writing _signal.json; its changes stand. See what it did, go on, and write the signal last.';
    return again(progress, 'no_signal', note);
  }
  return correct(progress, 'no_signal', 'No _signal.json was written.');
}

function timedOut(progress: Progress): Decision {
  if (progress.strikes.timeouts + 1 >= MAX_TIMEOUTS) {
    return block(
      progress,
      'timeouts',
      `${MAX_TIMEOUTS} children in a row ran out of time.`,
      'human_decision',
    );
  }
  const note =
    'The child before you ran out of its time limit. Take a smaller step, commit it, and signal earlier.';
  return again(progress, 'timeout', note);
}

function retry(progress: Progress, rules: Rules, end: string, said: string): Decision {
  if (progress.strikes.failures >= rules.maxRetries) {
    const times = progress.strikes.failures + 1;
    return block(
      progress,
      'retries',
      `The child failed ${times} times in a row (${end}).${said}`,
      'error_resolution',
    );
  }
  return { ...again(progress, 'failure'), delay: 'backoff' };
}

function correct(progress: Progress, rule: string, problem: string): Decision {
  if (progress.strikes.corrected) {
    return block(progress, rule, `${problem} A second child, told so, did the same.`, 'human_decision');
  }
  return again(
    progress,
    'corrective',
    `The child before you was not accepted: ${problem} Put this right first.`,
  );
}

function again(
  progress: Progress,
  strike: NonNullable<RunDecision['strike']>,
  ...notes: string[]
): RunDecision {
  return { kind: 'run', phase: progress.phase, notes, delay: 'none', strike };
}

function block(progress: Progress, rule: string, reason: string, needs: string): BlockDecision {
  return { kind: 'block', phase: progress.phase, reason, needs, rule };
}

function endedByItself(outcome: Outcome): boolean {
  return outcome.end === 'signalled' || outcome.end === 'no_signal';
}
