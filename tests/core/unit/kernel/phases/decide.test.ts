import { expect, test } from 'vitest';
import { afterFailedChecks } from '../../../../../src/core/kernel/phases/after-checks.ts';
import { checkLimit, decide } from '../../../../../src/core/kernel/phases/decide.ts';
import { ENDING_KINDS, type EndingKind } from '../../../../../src/core/kernel/phases/ending.ts';
import { NO_PLAN } from '../../../../../src/core/kernel/phases/outcome.ts';
import { PHASE_NAMES, PHASES } from '../../../../../src/core/kernel/phases/table.ts';
import { failureCounts, outcomeOf, progressIn, RULES, signalled } from '../../../../support/phase-facts.ts';

const planned = { ...NO_PLAN, exists: true, approved: true };
const stale = { ...NO_PLAN, exists: true, changedSinceApproval: true };
const stay = { status: 'continue' } as const;
const illegal = { status: 'continue', phase: 'done' } as const;
const malformed = { kind: 'malformed', problem: 'not JSON' } as const;

/** The decision on an ending in investigation: without a signal, with a torn, an illegal and a valid one. */
const ENDINGS: Record<EndingKind, readonly [string, string, string, string]> = {
  signalled: ['run no_signal', 'run corrective', 'run corrective', 'run'],
  no_signal: ['run no_signal', 'run corrective', 'run corrective', 'run'],
  timeout: ['run timeout', 'run timeout', 'run corrective', 'run'],
  crashed: ['run failure later', 'run failure later', 'run corrective later', 'run later'],
  killed: ['run failure later', 'run failure later', 'run corrective later', 'run later'],
  usage_limit: ['limited excused', 'limited excused', 'limited excused', 'limited'],
  overloaded: ['run excused later', 'run excused later', 'run corrective later', 'run later'],
  network: ['run excused later', 'run excused later', 'run corrective later', 'run later'],
  auth: ['block auth', 'block auth', 'block auth', 'run later'],
  config: ['block config', 'block config', 'block config', 'run later'],
  budget: ['block budget', 'block budget', 'block budget', 'run later'],
  refused: ['block refused', 'block refused', 'block refused', 'run later'],
  flooded: ['run corrective', 'run corrective', 'run corrective later', 'run later'],
  not_started: ['run failure later', 'run failure later', 'run corrective later', 'run later'],
};

test.each(ENDING_KINDS)('after an ending by %s the decision is that of the table', (end) => {
  const at = progressIn('investigation');
  const outcomes = [
    outcomeOf({ end }),
    outcomeOf({ end, signal: malformed }),
    signalled(illegal, { end }),
    signalled(stay, { end }),
  ];
  expect(outcomes.map((outcome) => inShort(decide(at, outcome, RULES)))).toEqual(ENDINGS[end]);
});

test('a single missing signal after a change continues, and the prompt of the next agent says so', () => {
  const decision = decide(progressIn('testing'), outcomeOf({ changed: true }), RULES);
  expect(decision).toMatchObject({ kind: 'run', phase: 'testing', retry: 'no_signal', delay: 'none' });
  expect(decision).toHaveProperty('notes', [expect.stringContaining('without writing _signal.json')]);
});

test('a missing signal without any change gets a corrective retry', () => {
  const decision = decide(progressIn('testing'), outcomeOf({ changed: false }), RULES);
  expect(decision).toMatchObject({ kind: 'run', retry: 'corrective' });
});

test('a second missing signal in a row gets a corrective retry, the third blocks', () => {
  const second = progressIn('testing', failureCounts({ failures: 1 }));
  expect(decide(second, outcomeOf(), RULES)).toMatchObject({ kind: 'run', retry: 'corrective' });
  const third = progressIn('testing', failureCounts({ failures: 1, corrected: true }));
  expect(decide(third, outcomeOf(), RULES)).toMatchObject({ kind: 'block', rule: 'no_signal' });
});

test('a corrective retry that writes no signal blocks even if it changed files', () => {
  const at = progressIn('testing', failureCounts({ corrected: true }));
  expect(decide(at, outcomeOf({ changed: true }), RULES)).toMatchObject({ rule: 'no_signal' });
});

test('the prompt of a corrective retry says exactly what was wrong', () => {
  const decision = decide(progressIn('planning'), outcomeOf({ signal: malformed }), RULES);
  expect(decision).toHaveProperty('notes', [expect.stringContaining('not JSON')]);
});

test('the block after a corrective retry names the rule in its reason', () => {
  const at = progressIn('planning', failureCounts({ corrected: true }));
  const decision = decide(at, signalled(illegal), RULES);
  expect(decision).toMatchObject({ kind: 'block', rule: 'signal_phase', needs: 'human_decision' });
  expect(decision).toHaveProperty('reason', expect.stringContaining("planning can't be followed by done"));
  expect(decision).toHaveProperty('reason', expect.stringContaining('rule signal_phase'));
});

test('a signal torn by a crash counts as the crash, and the next agent gets both reasons', () => {
  const decision = decide(progressIn('planning'), outcomeOf({ end: 'crashed', signal: malformed }), RULES);
  expect(decision).toMatchObject({ retry: 'failure' });
  expect(decision).toHaveProperty('notes', [
    expect.stringContaining('ended early'),
    expect.stringContaining('not JSON'),
  ]);
});

test('a refused login that was renewed since is tried once more, and then blocks', () => {
  const refused = outcomeOf({ end: 'auth', loginRenewed: true });
  expect(decide(progressIn('testing'), refused, RULES)).toMatchObject({ kind: 'run', retry: 'failure' });
  const again = progressIn('testing', failureCounts({ failures: 1 }));
  expect(decide(again, refused, RULES)).toMatchObject({ kind: 'block', rule: 'auth' });
});

test('agents that run out of time use up the same retries as those that crash', () => {
  const at = progressIn('implementation', failureCounts({ failures: RULES.maxRetries }));
  expect(decide(at, outcomeOf({ end: 'timeout' }), RULES)).toMatchObject({
    kind: 'block',
    rule: 'timeouts',
    reason: 'The agent failed 4 times in a row (timeout).',
  });
});

test('a timeout with a valid signal advances without delay', () => {
  const at = progressIn('implementation', failureCounts({ failures: 3 }));
  const outcome = signalled({ status: 'continue', phase: 'testing' }, { end: 'timeout' });
  expect(decide(at, outcome, RULES)).toMatchObject({ kind: 'run', phase: 'testing', delay: 'none' });
});

test.each([0, 1, 3])('with %i retries allowed, the failure after them blocks', (maxRetries) => {
  const rules = { ...RULES, maxRetries };
  const failed = outcomeOf({ end: 'crashed', problem: 'socket closed' });
  const before = progressIn('testing', failureCounts({ failures: maxRetries - 1 }));
  const after = progressIn('testing', failureCounts({ failures: maxRetries }));
  expect(decide(before, failed, rules).kind).toBe('run');
  expect(decide(after, failed, rules)).toMatchObject({
    rule: 'retries',
    reason: `The agent failed ${maxRetries + 1} times in a row (crashed). socket closed`,
  });
});

test("a user's stop is not a failure", () => {
  const at = progressIn('testing', failureCounts({ failures: 3 }));
  const decision = decide(at, outcomeOf({ end: 'killed', stopAsked: true }), RULES);
  expect(decision).toMatchObject({ kind: 'run', retry: 'excused', delay: 'none' });
});

test('a usage limit keeps the phase that a valid signal named, and when it ends', () => {
  const outcome = signalled({ status: 'continue', phase: 'requirements' }, { end: 'usage_limit' });
  const decision = decide(progressIn('investigation'), { ...outcome, limitedUntil: 77 }, RULES);
  expect(decision).toEqual({ kind: 'limited', phase: 'requirements', notes: [], until: 77 });
});

test('a usage limit without a known end says so', () => {
  const decision = decide(progressIn('investigation'), outcomeOf({ end: 'usage_limit' }), RULES);
  expect(decision).toHaveProperty('until', null);
});

test('a hand-off stays in the phase that it names or not, and passes its note on', () => {
  const signal = { status: 'handoff', phase: 'done', note: 'step 3 is half done' } as const;
  const decision = decide(progressIn('testing'), signalled(signal), RULES);
  expect(decision).toMatchObject({ kind: 'run', phase: 'testing' });
  expect(decision).toHaveProperty('notes', [expect.stringContaining('step 3 is half done')]);
});

test('a hand-off in quality is allowed after its last round', () => {
  const at = progressIn('quality', { qualityRounds: 3 });
  expect(decide(at, signalled({ status: 'handoff' }), RULES).kind).toBe('run');
});

test('waiting without a target waits for the default of its phase', () => {
  const wait = { status: 'waiting' } as const;
  const open = { questions: { asked: 1, open: ['Q1'] }, plan: { ...NO_PLAN, exists: true } };
  const asked = PHASE_NAMES.filter((name) => PHASES[name].waits.length > 0).map((phase) => {
    const decision = decide(progressIn(phase), signalled(wait, open, phase), RULES);
    return decision.kind === 'park' && decision.for;
  });
  expect(asked).toEqual(['qa_answers', 'qa_answers', 'plan_approval', 'human_action']);
});

test("the agent's reason and needs are passed on", () => {
  const own = { status: 'blocked', reason: 'no database', needs: 'clarification' } as const;
  expect(decide(progressIn('testing'), signalled(own), RULES)).toMatchObject({
    reason: 'no database',
    needs: 'clarification',
  });
});

test('done with an unacknowledged message is refused, and the message is named', () => {
  const outcome = signalled({ status: 'done', summary: 'x' }, { unacknowledged: ['M7'] });
  const decision = decide(progressIn('done'), outcome, RULES);
  expect(decision).toHaveProperty('notes', [expect.stringContaining('M7')]);
});

test('done without a summary gets the documented default', () => {
  const decision = decide(progressIn('done'), signalled({ status: 'done' }), RULES);
  expect(decision).toEqual({ kind: 'done', phase: 'done', summary: 'Done.' });
});

test.each(['crashed', 'timeout', 'network', 'usage_limit', 'no_signal', 'flooded'] as const)(
  'an agent that changed the approved plan and ended by %s causes a new approval first',
  (end) => {
    const decision = decide(progressIn('implementation'), outcomeOf({ end, plan: stale }), RULES);
    expect(decision).toMatchObject({ kind: 'park', for: 'plan_approval', resumePhase: 'implementation' });
  },
);

test('a changed plan keeps the hand-off note for the agent after the approval', () => {
  const outcome = signalled({ status: 'handoff', note: 'mind the cache' }, { plan: stale });
  const decision = decide(progressIn('implementation'), outcome, RULES);
  expect(decision).toHaveProperty('notes', [expect.stringContaining('mind the cache')]);
});

test('a changed plan needs its approval before another wait, whose reason is kept', () => {
  const wait = { status: 'waiting', for: 'human_action', reason: 'plug the device in' } as const;
  const decision = decide(progressIn('implementation'), signalled(wait, { plan: stale }), RULES);
  expect(decision).toMatchObject({ kind: 'park', for: 'plan_approval' });
  expect(decision).toHaveProperty('reason', expect.stringContaining('plug the device in'));
});

test('planning may continue to change an approved plan', () => {
  const decision = decide(progressIn('planning'), signalled(stay, { plan: stale }), RULES);
  expect(decision).toMatchObject({ kind: 'run', phase: 'planning' });
});

test('waiting for approval of an approved plan continues', () => {
  const outcome = signalled({ status: 'waiting', for: 'plan_approval' }, { plan: planned });
  expect(decide(progressIn('planning'), outcome, RULES)).toMatchObject({ phase: 'implementation' });
});

test.each(PHASE_NAMES)('%s blocks when its limit is reached', (phase) => {
  const { limit } = PHASES[phase];
  const counted = progressIn(phase).counted;
  expect(checkLimit(progressIn(phase, { counted: { ...counted, [phase]: limit - 1 } }))).toBeUndefined();
  expect(checkLimit(progressIn(phase, { counted: { ...counted, [phase]: limit } }))).toMatchObject({
    kind: 'block',
    phase,
    rule: 'phase_limit',
  });
});

test('a quick session has eight agents of implementation', () => {
  const after = (way: 'full' | 'quick', agents: number) => {
    const { counted } = progressIn('implementation');
    return checkLimit(progressIn('implementation', { way, counted: { ...counted, implementation: agents } }));
  };
  expect(after('quick', 7)).toBeUndefined();
  expect(after('quick', 8)).toMatchObject({ kind: 'block', rule: 'phase_limit' });
  expect(after('full', 8)).toBeUndefined();
});

test('failed checks return the work three times and then block', () => {
  expect(afterFailedChecks(progressIn('done', { testReturns: 2 }), ['npm test: 1', 'lint: 2'])).toEqual({
    kind: 'run',
    phase: 'implementation',
    notes: ['Checks of the project failed: npm test: 1; lint: 2. Fix this first.'],
    delay: 'none',
    sentBack: true,
  });
  expect(afterFailedChecks(progressIn('done', { testReturns: 3 }), ['lint: 2'])).toMatchObject({
    kind: 'block',
    rule: 'checks',
    needs: 'error_resolution',
  });
});

test('checks that fail after the last agent that may signal done block by their own rule, not by the limit', () => {
  const { counted } = progressIn('done');
  const afterTwo = progressIn('done', { counted: { ...counted, done: 1 } });
  expect(afterFailedChecks(afterTwo, ['lint: 2'])).toMatchObject({ kind: 'run' });
  const afterThree = progressIn('done', { counted: { ...counted, done: 2 } });
  expect(afterFailedChecks(afterThree, ['lint: 2'])).toMatchObject({ kind: 'block', rule: 'checks' });
});

test('a retry limit of NaN allows no retry', () => {
  const rules = { ...RULES, maxRetries: Number.NaN };
  expect(decide(progressIn('init'), outcomeOf({ end: 'crashed' }), rules).kind).toBe('block');
});

function inShort(decision: ReturnType<typeof decide>): string {
  if (decision.kind === 'block') return `block ${decision.rule}`;
  const retry = 'retry' in decision ? decision.retry : undefined;
  const later = decision.kind === 'run' && decision.delay === 'backoff';
  return [decision.kind, ...(retry ? [retry] : []), ...(later ? ['later'] : [])].join(' ');
}
