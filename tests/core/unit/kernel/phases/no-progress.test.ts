import { expect, test } from 'vitest';
import { afterFalseClaims } from '../../../../../src/core/kernel/phases/after-checks.ts';
import type { Facts } from '../../../../../src/core/kernel/phases/edge-conditions.ts';
import { judgeSignal } from '../../../../../src/core/kernel/phases/judge-signal.ts';
import {
  breakLoop,
  EMPTY_TRAIL,
  type ProgressTrail,
  withPrint,
} from '../../../../../src/core/kernel/phases/no-progress.ts';
import { initialProgress } from '../../../../../src/core/kernel/phases/progress.ts';
import { run } from '../../../../../src/core/kernel/phases/verdict.ts';

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
