import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  afterBadDocument,
  afterFalseClaims,
  afterUnreviewed,
  askAboutBase,
} from '../../../../../src/core/kernel/phases/after-checks.ts';
import { initialProgress, withChildEnded } from '../../../../../src/core/kernel/phases/progress.ts';
import {
  type BaseChecks,
  baseChecksOf,
  type CheckRun,
  isNoWorse,
  mayStayRed,
} from '../../../../../src/core/kernel/phases/proving.ts';
import {
  MAX_QUALITY_ROUNDS,
  MAX_TEST_RETURNS,
  PHASES,
  type Phase,
} from '../../../../../src/core/kernel/phases/table.ts';
import { block, park, run } from '../../../../../src/core/kernel/phases/verdict.ts';

const testing = initialProgress('testing');
const quality = initialProgress('quality');

test('a false claim returns to implementation with the whole list, and finally blocks with it', () => {
  const claims = ['a phase is open', 'a file is missing'];
  const failed = { failures: ['`npm test` (exit status 1)'], details: ['its last lines'] };
  const list =
    'The work is not done: a phase is open; a file is missing; checks of the project failed: `npm test` (exit status 1)';
  expect(afterFalseClaims(testing, claims, failed)).toMatchObject({
    kind: 'run',
    phase: 'implementation',
    notes: [`${list}. Fix this first.`, 'its last lines'],
  });
  const returned = { ...testing, testReturns: MAX_TEST_RETURNS };
  expect(afterFalseClaims(returned, claims, failed)).toMatchObject({
    kind: 'block',
    rule: 'false_done',
    reason: list,
  });
});

test.each(['continue', 'done'] as const)(
  'a review that ends with %s and omits a requirement is a round',
  (status) => {
    const decision = afterUnreviewed(quality, ['R2 is open']);
    const ended = { phase: 'quality', ending: 'signalled', signal: { status }, treeChanged: false } as const;
    expect(withChildEnded(quality, { ...ended, decision })).toMatchObject({
      phase: 'quality',
      qualityRounds: 1,
      testReturns: 0,
    });
  },
);

test('a review that omits a requirement is another round, and blocks after the last one', () => {
  expect(afterUnreviewed(quality, ['R2 is open'])).toMatchObject({
    kind: 'run',
    phase: 'quality',
    notes: [expect.stringContaining('R2 is open')],
  });
  const last = { ...quality, qualityRounds: MAX_QUALITY_ROUNDS };
  expect(afterUnreviewed(last, ['R2 is open'])).toMatchObject({ kind: 'block', rule: 'false_done' });
});

test('a session that would be done with a review missing returns to quality, a limited number of times', () => {
  const done = initialProgress('done');
  expect(afterUnreviewed(done, ['R2 is open'])).toMatchObject({ kind: 'run', phase: 'quality' });
  const last = { ...done, counted: { ...done.counted, done: PHASES.done.limit - 1 } };
  const blocked = { kind: 'block', phase: 'done', rule: 'false_done' };
  expect(afterUnreviewed(last, ['R2 is open'])).toMatchObject(blocked);
});

test('an unusable ledger gets one corrective retry', () => {
  const bad = { rule: 'ledger', problem: 'It cannot be read.' } as const;
  const planning = initialProgress('planning');
  expect(afterBadDocument(planning, bad)).toMatchObject({ kind: 'run', retry: 'corrective' });
  const corrected = { ...planning, failureCounts: { ...planning.failureCounts, corrected: true } };
  expect(afterBadDocument(corrected, bad)).toMatchObject({ kind: 'block', rule: 'ledger' });
});

test.each<[string, Phase, Parameters<typeof askAboutBase>[1], object | undefined]>([
  [
    'is one more question where an agent asks some',
    'requirements',
    park('requirements', 'qa_answers'),
    { resumePhase: 'requirements' },
  ],
  [
    'takes the place of "nothing to clarify"',
    'requirements',
    { ...park('requirements', 'qa_answers'), askNothingToClarify: true },
    { resumePhase: 'requirements', askNothingToClarify: undefined },
  ],
  [
    'comes before planning where no gate would ask',
    'requirements',
    run('planning', ['note']),
    { resumePhase: 'planning', notes: ['note'] },
  ],
  [
    'comes before a plan is approved',
    'planning',
    park('planning', 'plan_approval', 'implementation'),
    { resumePhase: 'planning' },
  ],
  ['waits while the phase goes on', 'requirements', run('requirements'), undefined],
  ['waits while a person does something', 'requirements', park('requirements', 'human_action'), undefined],
  ['waits while the session is blocked', 'requirements', block('requirements', 'auth', 'r'), undefined],
  [
    'joins the first questions',
    'investigation',
    park('investigation', 'qa_answers', 'requirements'),
    { resumePhase: 'requirements' },
  ],
  [
    'is asked after the first agent even if that one asks nothing',
    'investigation',
    run('requirements'),
    { resumePhase: 'requirements' },
  ],
  [
    'comes before a plan of the first agent is approved',
    'investigation',
    { ...park('investigation', 'plan_approval', 'implementation'), unasked: true },
    { resumePhase: 'investigation' },
  ],
  ['waits while the first agent is replaced', 'investigation', run('investigation'), undefined],
  ['is not asked at the end of the work', 'implementation', run('testing'), undefined],
])('the question about a red base %s', (_, phase, decision, expected) => {
  const asking = askAboutBase(initialProgress(phase), decision);
  const asked = expected && { kind: 'park', phase, for: 'qa_answers', asksAboutBase: true, ...expected };
  expect(asking).toEqual(asked);
});

const COMMON = { durationMs: 1, outputHash: 'h', outputBytes: 1, output: 'base-checks/base-1.txt' };
const exitCodes = fc.constantFrom(null, 0, 1, 2, 126, 127);
const runs = fc
  .record({ command: fc.constantFrom('npm test', 'npm run lint'), exitCode: exitCodes })
  .map(({ command, exitCode }): CheckRun => {
    const how = exitCode === 0 ? undefined : `exit status ${exitCode}`;
    return { ...COMMON, command, exitCode, how };
  });

test.each([
  ['green', [0, 0], undefined],
  ['red', [0, 1], undefined],
  ['red', [null], undefined],
  ['unrunnable', [126], undefined],
  ['unrunnable', [1, 127], undefined],
  ['unrunnable', [1], true],
] as const)('a base is %s whose checks ended with %o, SETUP: %s', (result, statuses, isSetup) => {
  const ran = statuses.map((exitCode) => {
    const how = exitCode === 0 ? undefined : 'failed';
    return { ...COMMON, command: 'c', exitCode, how, isSetup };
  });
  expect(baseChecksOf({ runs: ran }).result).toBe(result);
});

test('only a command that failed on the base, and that a person let stay red, is run there again', () => {
  fc.assert(
    fc.property(
      fc.array(runs, { maxLength: 3 }),
      fc.constantFrom(undefined, 'fix' as const, 'leave' as const),
      runs,
      (before, choice, run) => {
        const base: BaseChecks = { ...baseChecksOf({ runs: before }), choice };
        const wasRed = before.some(({ command, how }) => command === run.command && how !== undefined);
        expect(mayStayRed(run, base)).toBe(choice === 'leave' && run.how !== undefined && wasRed);
        expect(mayStayRed({ ...run, isSetup: true }, base)).toBe(false);
        expect(mayStayRed(run, undefined)).toBe(false);
      },
    ),
  );
});

test('a failure is no worse only where the check ran on the base, and ended with the same exit status', () => {
  fc.assert(
    fc.property(runs, fc.option(runs, { nil: undefined }), (run, onBase) => {
      const isRed = [1, 2].includes(onBase?.exitCode ?? 0);
      expect(isNoWorse(run, onBase)).toBe(isRed && onBase?.exitCode === run.exitCode);
    }),
  );
});
