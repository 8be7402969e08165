import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterFalseClaims } from '../../../../../src/core/kernel/phases/after-checks.ts';
import type { Facts } from '../../../../../src/core/kernel/phases/edge-conditions.ts';
import { judgeSignal } from '../../../../../src/core/kernel/phases/judge-signal.ts';
import {
  describeUsage,
  dueWarnings,
  judgeLimits,
  LIMIT_NAMES,
  type LimitUsage,
  limitUsages,
  NOTHING_SPENT,
  settingOf,
  warningKey,
  withRaised,
  withSpent,
} from '../../../../../src/core/kernel/phases/limits.ts';
import {
  breakLoop,
  EMPTY_TRAIL,
  type ProgressTrail,
  withPrint,
} from '../../../../../src/core/kernel/phases/no-progress.ts';
import { initialProgress } from '../../../../../src/core/kernel/phases/progress.ts';
import { PHASE_NAMES } from '../../../../../src/core/kernel/phases/table.ts';
import { run } from '../../../../../src/core/kernel/phases/verdict.ts';

const usd = (spent: number, limit = 10): LimitUsage => ({ limitName: 'usd', scope: 'session', limit, spent });

test('a limit of zero is reached at once', () => {
  for (const limitName of LIMIT_NAMES) {
    const verdict = judgeLimits(
      limitUsages({ session: { [limitName]: 0 }, phases: {} }, nothing(), 'planning'),
    );
    expect(verdict).toMatchObject({ kind: 'reached', use: { limitName, limit: 0 } });
  }
});

test('the last tenth is reserved for the wrap-up agent', () => {
  expect(judgeLimits([usd(8.99)])).toEqual({ kind: 'fine' });
  expect(judgeLimits([usd(9)]).kind).toBe('wrap_up');
  expect(judgeLimits([usd(9.99)]).kind).toBe('wrap_up');
  expect(judgeLimits([usd(10)]).kind).toBe('reached');
  expect(judgeLimits([usd(97, 100)]).kind).toBe('fine');
});

test('of several iterations the last one wraps up', () => {
  const iterations = (spent: number, limit: number): LimitUsage => ({
    limitName: 'iterations',
    scope: 'session',
    limit,
    spent,
  });
  expect(judgeLimits([iterations(3, 5)]).kind).toBe('fine');
  expect(judgeLimits([iterations(4, 5)]).kind).toBe('wrap_up');
  expect(judgeLimits([iterations(5, 5)]).kind).toBe('reached');
  expect(judgeLimits([iterations(0, 1)]).kind).toBe('fine');
});

test('a phase has separate limits, which other phases do not use up', () => {
  const limits = { session: { usd: 100 }, phases: { quality: { usd: 3 } } };
  const spent = withSpent(nothing(), 'planning', { ...NOTHING_SPENT, usd: 50 });
  expect(judgeLimits(limitUsages(limits, spent, 'quality')).kind).toBe('fine');
  const more = withSpent(spent, 'quality', { ...NOTHING_SPENT, usd: 3 });
  expect(judgeLimits(limitUsages(limits, more, 'quality'))).toMatchObject({
    kind: 'reached',
    use: { scope: 'quality' },
  });
  expect(judgeLimits(limitUsages(limits, more, 'testing')).kind).toBe('fine');
});

test('people are warned at 50 and 80 percent, once each, and only of the higher', () => {
  expect(dueWarnings([usd(4.9)], [])).toEqual([]);
  expect(dueWarnings([usd(5)], [])).toMatchObject([{ percent: 50 }]);
  expect(dueWarnings([usd(6)], ['session:usd:50'])).toEqual([]);
  expect(dueWarnings([usd(8)], ['session:usd:50'])).toMatchObject([{ percent: 80 }]);
  expect(dueWarnings([usd(9)], [])).toMatchObject([{ percent: 80 }]);
  expect(dueWarnings([usd(9)], ['session:usd:80'])).toEqual([]);
  expect(dueWarnings([usd(0, 0)], [])).toEqual([]);
  expect(warningKey({ scope: 'quality', limitName: 'hours', percent: 50 })).toBe('quality:hours:50');
});

test('a raised limit replaces the old one, and the others are kept', () => {
  const limits = { session: { usd: 5, tokens: 10 }, phases: { testing: { hours: 1 } } };
  const raised = { session: { usd: 20 }, phases: { testing: { usd: 2 } } };
  expect(withRaised(limits, raised)).toMatchObject({
    session: { usd: 20, tokens: 10 },
    phases: { testing: { hours: 1, usd: 2 } },
  });
});

test('a limit is named by its setting and shown with its unit', () => {
  expect(settingOf({ limitName: 'usd', scope: 'session' })).toBe('MAX_COST_USD');
  expect(settingOf({ limitName: 'iterations', scope: 'planning' })).toBe('MAX_ITERATIONS_PLANNING');
  expect(describeUsage(usd(4.2, 5))).toBe('$4.20 of $5.00');
});

test('a limit that is reached is never judged fine or wrap_up, whatever is spent', () => {
  const amount = fc.double({ min: 0, max: 1e9, noNaN: true });
  const use = fc.record({
    limitName: fc.constantFrom(...LIMIT_NAMES),
    scope: fc.constantFrom('session' as const, ...PHASE_NAMES),
    limit: amount,
    spent: amount,
  });
  fc.assert(
    fc.property(fc.array(use), (uses) => {
      const isReached = uses.some(({ limit, spent }) => spent >= limit);
      expect(judgeLimits(uses).kind === 'reached').toBe(isReached);
    }),
  );
});

function nothing() {
  return { session: NOTHING_SPENT, phases: {} };
}

function trailOf(prints: readonly string[]): ProgressTrail {
  return prints.reduce((trail, print) => withPrint(trail, { print, ending: 'signalled' }), EMPTY_TRAIL);
}

const decided = (prints: readonly string[]) => breakLoop(run('testing'), trailOf(prints), 'tree 1a2b');

test('after three equal iterations the next agent gets a nudge, and after two more the session blocks', () => {
  expect(decided(['a', 'a'])).toEqual(run('testing'));
  expect(decided(['a', 'a', 'a'])).toMatchObject({
    kind: 'run',
    notes: [expect.stringContaining('tree 1a2b')],
  });
  expect(decided(['a', 'a', 'a', 'a'])).toMatchObject({ kind: 'run' });
  expect(decided(['a', 'a', 'a', 'a', 'a'])).toMatchObject({ kind: 'block', rule: 'no_progress' });
});

test('repeating the same states in turn is not progress either', () => {
  expect(decided(['a', 'b'])).toEqual(run('testing'));
  expect(decided(['a', 'b', 'a'])).toMatchObject({
    notes: [expect.stringContaining('changed nothing')],
  });
  expect(decided(['a', 'b', 'a', 'b'])).toMatchObject({ kind: 'run' });
  expect(decided(['a', 'b', 'a', 'b', 'a'])).toMatchObject({ kind: 'block' });
  expect(decided(['a', 'b', 'c', 'a', 'b'])).toMatchObject({ kind: 'run' });
  expect(decided(['a', 'b', 'c', 'a', 'b', 'c'])).toMatchObject({ kind: 'block' });
});

test('one return to an earlier state followed by a new one does not stop the session', () => {
  expect(decided(['a', 'b', 'a', 'c'])).toEqual(run('testing'));
});

test('any new state restarts the count', () => {
  expect(trailOf(['a', 'a', 'a', 'a', 'b']).equal).toBe(1);
  expect(decided(['a', 'a', 'b', 'b', 'c', 'c'])).toEqual(run('testing'));
});

test("endings that were not the agent's fault do not count", () => {
  const trail = trailOf(['a', 'a']);
  for (const ending of ['usage_limit', 'overloaded', 'network', 'killed', 'not_started'] as const) {
    expect(withPrint(trail, { print: 'a', ending })).toEqual(trail);
  }
  expect(withPrint(trail, { print: undefined, ending: 'signalled' })).toEqual(trail);
});

test('a block for no progress says what was refused behind it', () => {
  const refused = afterFalseClaims(initialProgress('testing'), ['R1 is open']);
  const decisions = [refused, run('testing'), refused, run('testing'), run('testing')];
  const trail = decisions.reduce(
    (before, decision) =>
      withPrint(before, { print: 'a', ending: 'signalled', decision: breakLoop(decision, before, 'tree') }),
    EMPTY_TRAIL,
  );
  expect(breakLoop(run('testing'), trail, 'tree')).toMatchObject({
    reason:
      'The last 5 iterations changed nothing: tree. What was refused: The work is not done: R1 is open. Fix this first.',
  });
  expect(withPrint(trail, { print: 'b', ending: 'signalled' }).refusal).toBeUndefined();
});

test('a block for no progress after hand-offs, or with results of fast checks, says that nothing was refused', () => {
  const signal = { status: 'handoff', note: 'R1 needs the harbour' } as const;
  const verdict = judgeSignal(
    { progress: { ...initialProgress(), phase: 'implementation' } } as Facts,
    signal,
  );
  const decision = verdict.kind === 'legal' ? verdict.decision : expect.fail();
  expect(decision).toMatchObject({ kind: 'run', notes: [expect.stringContaining(signal.note)] });
  const checked = run('implementation', ['CHECK_FAST: `lint` failed (exit status 1)']);
  const trail = [decision, decision, decision, decision, checked].reduce<ProgressTrail>(
    (before, each) => withPrint(before, { print: 'a', ending: 'signalled', decision: each }),
    EMPTY_TRAIL,
  );
  expect(breakLoop(run('testing'), trail, 'tree')).toMatchObject({
    reason: 'The last 5 iterations changed nothing: tree.',
  });
});

test('waiting, done and blocked decisions are unchanged', () => {
  const done = { kind: 'done', phase: 'done', summary: '' } as const;
  expect(breakLoop(done, trailOf(['a', 'a', 'a', 'a', 'a']), '')).toEqual(done);
});

test('the trail is limited, however long a session runs', () => {
  const many = Array.from({ length: 500 }, (_, index) => `p${index}`);
  expect(trailOf(many).prints).toHaveLength(8);
});
