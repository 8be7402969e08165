import { expect, test } from 'vitest';
import {
  afterMissingComparison,
  type ComparedProposals,
  type FoundComparison,
  judgeComparison,
  LINES_WITHOUT_COMPARISON,
} from '../../src/phases/comparison.ts';
import { run } from '../../src/phases/verdict.ts';

const MANY = LINES_WITHOUT_COMPARISON + 1;

function judge(
  earlier: ComparedProposals | undefined,
  found: Partial<FoundComparison>,
): ComparedProposals | undefined {
  return judgeComparison(earlier, { askedBy: 2, lines: 0, isWritten: false, isTaken: true, ...found });
}

test('work without a comparison is sent back once, and then recorded as skipped', () => {
  const missing = judge(undefined, { lines: MANY });
  expect(missing).toEqual({ planPhase: 2, lines: MANY, state: 'missing' });
  const skipped = judge(missing, { askedBy: 3 });
  expect(skipped).toEqual({ planPhase: 2, lines: MANY, state: 'skipped' });
  expect(judge(skipped, { lines: MANY })).toMatchObject({ state: 'skipped' });
});

test('a comparison that is written after the work was sent back is enough', () => {
  const missing = judge(undefined, { lines: MANY });
  expect(judge(missing, { askedBy: undefined, isWritten: true })).toMatchObject({
    planPhase: 2,
    state: 'written',
  });
});

test('a comparison of an earlier iteration of the same plan phase counts', () => {
  const written = judge(undefined, { isWritten: true });
  expect(judge(written, { lines: MANY })).toMatchObject({ planPhase: 2, state: 'written' });
});

test('a comparison of another plan phase does not count', () => {
  const written = judge(undefined, { isWritten: true });
  expect(judge(written, { askedBy: 3, lines: MANY })).toEqual({
    planPhase: 3,
    lines: MANY,
    state: 'missing',
  });
});

test('up to twenty changed lines need no comparison, and those of several iterations are added up', () => {
  const few = judge(undefined, { lines: LINES_WITHOUT_COMPARISON });
  expect(few).toMatchObject({ state: 'open' });
  expect(judge(few, { lines: 1 })).toMatchObject({ state: 'missing' });
});

test('a plan phase that asks for none is left alone', () => {
  expect(judge(undefined, { askedBy: undefined, lines: 500 })).toBeUndefined();
});

test('an iteration that was cut short is not the one chance', () => {
  const cut = judge(undefined, { lines: MANY, isTaken: false });
  expect(cut).toMatchObject({ state: 'open' });
  const missing = judge(cut, {});
  expect(missing).toMatchObject({ state: 'missing' });
  expect(judge(missing, { isTaken: false })).toMatchObject({ state: 'missing' });
});

test('what is sent back goes to implementation, wherever the agent wanted to go, and keeps what it handed over', () => {
  const comparison = { planPhase: 2, lines: 57, state: 'missing' } as const;
  const decision = afterMissingComparison(
    comparison,
    run('testing', ['Hand-off from the agent before you: x']),
  );
  expect(decision).toMatchObject({ kind: 'run', phase: 'implementation' });
  expect(decision.notes).toEqual([
    expect.stringContaining('Plan phase 2 asks for two proposals'),
    'Hand-off from the agent before you: x',
  ]);
});
