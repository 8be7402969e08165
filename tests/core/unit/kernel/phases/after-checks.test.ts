import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  afterBadDocument,
  afterFalseClaims,
  afterUnreviewed,
  askAboutBase,
} from '../../../../../src/core/kernel/phases/after-checks.ts';
import {
  initialProgress,
  type Progress,
  withChildEnded,
} from '../../../../../src/core/kernel/phases/progress.ts';
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
import { type Tables, tabled } from '../../../../support/film.ts';

const COMMON = { durationMs: 1, outputHash: 'h', outputBytes: 1, output: 'base-checks/base-1.txt' };
const exitCodes = fc.constantFrom(null, 0, 1, 2, 126, 127);
const runs = fc
  .record({ command: fc.constantFrom('npm test', 'npm run lint'), exitCode: exitCodes })
  .map(({ command, exitCode }): CheckRun => {
    const how = exitCode === 0 ? undefined : `exit status ${exitCode}`;
    return { ...COMMON, command, exitCode, how };
  });

const testing = initialProgress('testing');
const quality = initialProgress('quality');
const planning = initialProgress('planning');
const done = initialProgress('done');
const claims = ['a phase is open', 'a file is missing'];
const failed = { failures: ['`npm test` (exit status 1)'], details: ['its last lines'] };
const bad = { rule: 'ledger', problem: 'It cannot be read.' } as const;
const corrected = { ...planning, failureCounts: { ...planning.failureCounts, corrected: true } };
const unreviewed = (progress: Progress) => afterUnreviewed(progress, ['R2 is open']);
const lastDone = { ...done, counted: { ...done.counted, done: PHASES.done.limit - 1 } };

/** Where the session is after a review that omits a requirement. */
function reviewed(status: 'continue' | 'done') {
  const end = { phase: 'quality', ending: 'signalled', signal: { status }, treeChanged: false } as const;
  const now = withChildEnded(quality, { ...end, decision: unreviewed(quality) });
  return { phase: now.phase, qualityRounds: now.qualityRounds, testReturns: now.testReturns };
}

const asking = (phase: Phase, decision: Parameters<typeof askAboutBase>[1]) =>
  askAboutBase(initialProgress(phase), decision);
const toAnswers = (phase: Phase, resumePhase = phase) => park(phase, 'qa_answers', resumePhase);
const toApproval = (phase: Phase) => park(phase, 'plan_approval', 'implementation');

const base = (exitCodes: readonly (number | null)[], isSetup?: true) =>
  baseChecksOf({
    runs: exitCodes.map((exitCode) => ({
      ...{ ...COMMON, command: 'c', exitCode, isSetup },
      how: exitCode === 0 ? undefined : 'failed',
    })),
  }).result;

const FILMS: Tables = {
  'run, block, false_done: a false claim returns to implementation with the whole list, and finally blocks with it':
    {
      'for the first time': afterFalseClaims(testing, claims, failed),
      'after all returns': afterFalseClaims({ ...testing, testReturns: MAX_TEST_RETURNS }, claims, failed),
    },
  'qualityRounds: a review that omits a requirement is a round, and no return': {
    'that continues': reviewed('continue'),
    'that is done': reviewed('done'),
  },
  'run, quality, block, false_done: a missing review is another round of quality, a limited number of times':
    {
      'in quality': unreviewed(quality),
      'after the last round': unreviewed({ ...quality, qualityRounds: MAX_QUALITY_ROUNDS }),
      'in done': unreviewed(done),
      'after the last agent in done': unreviewed(lastDone),
    },
  'corrective, block, ledger: an unusable ledger gets one corrective retry': {
    'for the first time': afterBadDocument(planning, bad),
    'after it': afterBadDocument(corrected, bad),
  },
  'qa_answers, asksAboutBase, –: the question about a red base': {
    'is one more question where an agent asks some': asking('requirements', toAnswers('requirements')),
    'takes the place of "nothing to clarify"': asking('requirements', {
      ...toAnswers('requirements'),
      askNothingToClarify: true,
    }),
    'comes before planning where no gate would ask': asking('requirements', run('planning', ['note'])),
    'comes before a plan is approved': asking('planning', toApproval('planning')),
    'waits while the phase goes on': asking('requirements', run('requirements')),
    'waits while a person does something': asking('requirements', park('requirements', 'human_action')),
    'waits while the session is blocked': asking('requirements', block('requirements', 'auth', 'r')),
    'joins the first questions': asking('investigation', toAnswers('investigation', 'requirements')),
    'is asked after the first agent even if that one asks nothing': asking(
      'investigation',
      run('requirements'),
    ),
    'comes before a plan of the first agent is approved': asking('investigation', {
      ...toApproval('investigation'),
      unasked: true,
    }),
    'waits while the first agent is replaced': asking('investigation', run('investigation')),
    'is not asked at the end of the work': asking('implementation', run('testing')),
  },
  'green, red, unrunnable: a base is, by what its checks ended with': {
    '0, 0': base([0, 0]),
    '0, 1': base([0, 1]),
    'no status': base([null]),
    'status 126': base([126]),
    '1, 127': base([1, 127]),
    '1, of SETUP': base([1], true),
  },
};

test('checks, claims and reviews are followed by what these films show', async () => {
  await expect(tabled(FILMS)).toMatchFileSnapshot('../../../../golden/films/after-checks.txt');
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
