import { expect, test } from 'vitest';
import { afterFailedChecks } from '../../../../../src/core/kernel/phases/after-checks.ts';
import { checkLimit, decide } from '../../../../../src/core/kernel/phases/decide.ts';
import type { JudgedSignal } from '../../../../../src/core/kernel/phases/decision.ts';
import { ENDING_KINDS } from '../../../../../src/core/kernel/phases/ending.ts';
import type { Outcome } from '../../../../../src/core/kernel/phases/outcome.ts';
import { NO_PLAN } from '../../../../../src/core/kernel/phases/outcome.ts';
import {
  initialProgress,
  inPhase,
  type Progress,
  withChildEnded,
  withChildStarted,
  withCountsReset,
  withNewGoal,
} from '../../../../../src/core/kernel/phases/progress.ts';
import { PHASE_NAMES, PHASES, type Phase } from '../../../../../src/core/kernel/phases/table.ts';
import { failureCounts, outcomeOf, progressIn, RULES, signalled } from '../../../../support/phase-facts.ts';

const planned = { ...NO_PLAN, exists: true, approved: true };
const stale = { ...NO_PLAN, exists: true, changedSinceApproval: true };

test.each(ENDING_KINDS)(
  'an agent without a signal that ended by %s counts only according to the rules',
  (end) => {
    const counts = ['signalled', 'no_signal', 'timeout', 'crashed'].includes(end);
    expect(after(progressIn('testing'), outcomeOf({ end })).counted.testing).toBe(counts ? 1 : 0);
  },
);

test.each(ENDING_KINDS)('an agent that signalled counts even if it ended by %s', (end) => {
  const ended = after(progressIn('testing'), signalled({ status: 'continue' }, { end }));
  expect(ended.counted.testing).toBe(1);
});

test('tests run twice: quality comes between the first run and done', () => {
  const first = says(progressIn('testing'), 'quality');
  const second = says(says(first, 'testing', { treeChanged: true }), 'done');
  expect(first.phase).toBe('quality');
  expect(second.phase).toBe('done');
});

test('after an implementation agent quality must review again', () => {
  const reviewed = says(says(progressIn('testing'), 'quality'), 'testing');
  const again = says(says(reviewed, 'implementation'), 'testing');
  expect(reviewed.qualitySinceImplementation).toBe(true);
  expect(again).toMatchObject({ phase: 'testing', qualitySinceImplementation: false });
});

test('changes by quality are reset only when it is entered again', () => {
  const changed = says(progressIn('quality'), 'quality', { treeChanged: true });
  const timedOut = after(changed, outcomeOf({ end: 'timeout' }));
  expect(timedOut.qualityChangedTree).toBe(true);
  expect(inPhase(inPhase(timedOut, 'testing'), 'quality').qualityChangedTree).toBe(false);
});

test('only a quality agent that signals to stay counts as a round', () => {
  const at = progressIn('quality');
  expect(says(at, 'quality').qualityRounds).toBe(1);
  expect(after(at, signalled({ status: 'continue' }, { end: 'usage_limit' })).qualityRounds).toBe(1);
  expect(after(at, signalled({ status: 'handoff' })).qualityRounds).toBe(0);
  expect(says(at, 'testing').qualityRounds).toBe(0);
  expect(says(at, 'planning').qualityRounds).toBe(0);
  expect(after(at, outcomeOf()).qualityRounds).toBe(0);
  expect(says(progressIn('testing'), 'testing').qualityRounds).toBe(0);
});

test('a round and a return count even if a changed plan is approved in between', () => {
  expect(says(progressIn('quality'), 'quality', { plan: stale })).toMatchObject({ qualityRounds: 1 });
  expect(says(progressIn('testing'), 'implementation', { plan: stale })).toMatchObject({
    phase: 'testing',
    testReturns: 1,
  });
});

test('quality counts as reviewed if a changed plan is approved before the second tests', () => {
  const parked = says(progressIn('quality'), 'testing', { plan: stale });
  expect(parked.phase).toBe('quality');
  expect(inPhase(parked, 'testing').qualitySinceImplementation).toBe(true);
});

test('failed tests and failed checks count as returns to implementation', () => {
  const back = afterFailedChecks(progressIn('done'), ['npm test']);
  const failed = withChildEnded(progressIn('done'), {
    phase: 'done',
    ending: 'signalled',
    signal: { status: 'done' },
    decision: back,
    treeChanged: false,
  });
  expect(failed).toMatchObject({ phase: 'implementation', testReturns: 1 });
  expect(says(progressIn('testing'), 'implementation').testReturns).toBe(1);
});

test.each(['implementation', 'quality', 'done'] as const)(
  'checks that fail after %s are a return',
  (phase) => {
    const decision = afterFailedChecks(progressIn(phase), ['npm test']);
    const end = { phase, ending: 'signalled', signal: { status: 'done' }, treeChanged: false } as const;
    expect(withChildEnded(progressIn(phase), { ...end, decision })).toMatchObject({
      phase: 'implementation',
      testReturns: 1,
      qualityRounds: 0,
    });
  },
);

test('a return to implementation resets no count', () => {
  const at = progressIn('testing', {
    qualityRounds: 2,
    counted: { ...initialProgress().counted, quality: 4 },
  });
  expect(says(at, 'implementation')).toMatchObject({ qualityRounds: 2, counted: { quality: 4, testing: 1 } });
});

test('an accepted signal ends every series of failures', () => {
  const at = progressIn('testing', failureCounts({ corrected: true, failures: 3 }));
  expect(says(at, 'testing').failureCounts).toEqual(initialProgress().failureCounts);
});

test('a usage limit and a stop end no series of failures', () => {
  const at = progressIn('testing', failureCounts({ corrected: true, failures: 1 }));
  const stopped = outcomeOf({ end: 'killed', stopAsked: true });
  const refusedAndLimited = signalled({ status: 'done' }, { end: 'usage_limit' });
  for (const outcome of [outcomeOf({ end: 'usage_limit' }), stopped, refusedAndLimited]) {
    expect(after(at, outcome).failureCounts).toEqual(at.failureCounts);
  }
});

test('a crash, a timeout and a missing signal are failures, and a refused signal is a correction', () => {
  const unsignalled = after(progressIn('testing'), outcomeOf());
  const crashed = after(unsignalled, outcomeOf({ end: 'crashed' }));
  const timedOut = after(crashed, outcomeOf({ end: 'timeout' }));
  const corrected = after(timedOut, signalled({ status: 'done' }));
  expect(corrected.failureCounts).toEqual({ corrected: true, failures: 3 });
});

test('the iteration of a phase counts up while the session stays and restarts when it moves', () => {
  const second = withChildStarted(withChildStarted(progressIn('testing'), 8), 9);
  expect(second).toMatchObject({ phaseIteration: 2, totalIterations: 9 });
  expect(inPhase(second, 'testing').phaseIteration).toBe(2);
  expect(inPhase(second, 'quality')).toMatchObject({ phaseIteration: 0, totalIterations: 9 });
});

const worn: Progress = {
  ...progressIn('quality', failureCounts({ corrected: true, failures: 2 })),
  counted: { ...initialProgress().counted, quality: 10 },
  phaseIteration: 4,
  totalIterations: 40,
  qualityRounds: 3,
  testReturns: 3,
  qualitySinceImplementation: true,
  qualityChangedTree: true,
};

test('resuming a blocked session resets its limits and keeps its history', () => {
  expect(withCountsReset(worn)).toEqual({
    ...progressIn('quality'),
    phaseIteration: 4,
    totalIterations: 40,
    qualitySinceImplementation: true,
    qualityChangedTree: true,
  });
});

test('a new goal starts at investigation and keeps only the iteration count', () => {
  expect(withNewGoal(worn)).toEqual({ ...initialProgress('investigation'), totalIterations: 40 });
});

/** The progress after an agent of the current phase ended like this. */
const HANDS_OVER = PHASE_NAMES.filter((phase) =>
  (PHASES[phase].signals as readonly string[]).includes('handoff'),
);

test.each(HANDS_OVER)('hand-offs in %s use up the limit of the phase, and nothing else', (phase) => {
  let progress = progressIn(phase);
  let children = 0;
  for (; checkLimit(progress) === undefined && children < 1000; children += 1) {
    progress = after(withChildStarted(progress, children + 1), signalled({ status: 'handoff', note: 'n' }));
  }
  expect(children).toBe(PHASES[phase].limit);
  expect(checkLimit(progress)).toMatchObject({ kind: 'block', phase, rule: 'phase_limit' });
  expect(progress).toMatchObject({ phase, qualityRounds: 0, testReturns: 0, ...failureCounts({}) });
});

function after(progress: Progress, outcome: Outcome): Progress {
  const signal: JudgedSignal | undefined =
    outcome.signal.kind === 'signal' ? outcome.signal.signal : undefined;
  return withChildEnded(progress, {
    phase: progress.phase,
    ending: outcome.end,
    signal,
    decision: decide(progress, outcome, RULES),
    treeChanged: outcome.treeChanged,
  });
}

function says(progress: Progress, phase: Phase, given: Partial<Outcome> = {}): Progress {
  return after(progress, signalled({ status: 'continue', phase }, { plan: planned, ...given }));
}
