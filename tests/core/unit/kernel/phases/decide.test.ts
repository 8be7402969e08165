import { expect, test } from 'vitest';
import { afterFailedChecks } from '../../../../../src/core/kernel/phases/after-checks.ts';
import { checkLimit, decide } from '../../../../../src/core/kernel/phases/decide.ts';
import { ENDING_KINDS, type EndingKind } from '../../../../../src/core/kernel/phases/ending.ts';
import { NO_PLAN } from '../../../../../src/core/kernel/phases/outcome.ts';
import { PHASE_NAMES, PHASES, type Phase } from '../../../../../src/core/kernel/phases/table.ts';
import { type Films, screened } from '../../../../support/film.ts';
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

type Counts = Parameters<typeof failureCounts>[0];

/** Of an agent in a phase, after failures in a row. */
const after = (phase: Phase, outcome: ReturnType<typeof outcomeOf>, counts?: Counts, rules = RULES) =>
  decide(progressIn(phase, counts && failureCounts(counts)), outcome, rules);
const retries = (maxRetries: number) => ({ ...RULES, maxRetries });
const crashed = outcomeOf({ end: 'crashed', problem: 'socket closed' });
const renewed = outcomeOf({ end: 'auth', loginRenewed: true });
const handoff = (more: object, facts = {}) => signalled({ status: 'handoff', ...more }, facts);
const device = { status: 'waiting', for: 'human_action', reason: 'plug the device in' } as const;
const own = { status: 'blocked', reason: 'no database', needs: 'clarification' } as const;
const counted = (phase: Phase, agents: number) => ({ ...progressIn(phase).counted, [phase]: agents });

/** What is decided, by the case. */
type Case = readonly [name: string, decision: object];

const FILMS: Films<Case> = {
  'kind, retry, notes, rule: a signal is missing': [
    ['after a change', after('testing', outcomeOf({ changed: true }))],
    ['without any change', after('testing', outcomeOf({ changed: false }))],
    ['for the second time in a row', after('testing', outcomeOf(), { failures: 1 })],
    ['for the third time', after('testing', outcomeOf(), { failures: 1, corrected: true })],
    [
      'of a corrected agent that changed files',
      after('testing', outcomeOf({ changed: true }), { corrected: true }),
    ],
  ],
  'notes, retry, rule, reason, needs: a signal is wrong': [
    ['not JSON', after('planning', outcomeOf({ signal: malformed }))],
    ['illegal, after a correction', after('planning', signalled(illegal), { corrected: true })],
    ['torn by a crash', after('planning', outcomeOf({ end: 'crashed', signal: malformed }))],
  ],
  'retry, rule: a login was refused': [
    ['and renewed since', after('testing', renewed)],
    ['and renewed for the second time', after('testing', renewed, { failures: 1 })],
  ],
  'rule, reason, delay, retry: agents fail in a row': [
    [
      'by their time, once more than allowed',
      after('implementation', outcomeOf({ end: 'timeout' }), { failures: RULES.maxRetries }),
    ],
    [
      'by their time, with a valid signal',
      after('implementation', signalled({ status: 'continue', phase: 'testing' }, { end: 'timeout' }), {
        failures: 3,
      }),
    ],
    ['and no retry is allowed', after('testing', crashed, { failures: 0 }, retries(0))],
    ['at the last of one retry', after('testing', crashed, { failures: 0 }, retries(1))],
    ['after one retry', after('testing', crashed, { failures: 1 }, retries(1))],
    ['at the last of three retries', after('testing', crashed, { failures: 2 }, retries(3))],
    ['after three retries', after('testing', crashed, { failures: 3 }, retries(3))],
    [
      'and the limit of retries is no number',
      after('init', outcomeOf({ end: 'crashed' }), undefined, retries(Number.NaN)),
    ],
    [
      'but a user stopped the last one',
      after('testing', outcomeOf({ end: 'killed', stopAsked: true }), { failures: 3 }),
    ],
  ],
  'kind, phase, until: a usage limit': [
    [
      'keeps the phase of a valid signal',
      after('investigation', {
        ...signalled({ status: 'continue', phase: 'requirements' }, { end: 'usage_limit' }),
        limitedUntil: 77,
      }),
    ],
    ['without a known end', after('investigation', outcomeOf({ end: 'usage_limit' }))],
  ],
  'phase, notes: a hand-off': [
    [
      'stays in its phase, whatever it names',
      after('testing', handoff({ phase: 'done', note: 'step 3 is half done' })),
    ],
    [
      'is allowed after the last round of quality',
      decide(progressIn('quality', { qualityRounds: 3 }), handoff({}), RULES),
    ],
  ],
  'reason, needs: what the agent says': [['of its block', after('testing', signalled(own))]],
  'kind, summary, notes: done': [
    [
      'with an unacknowledged message',
      after('done', signalled({ status: 'done', summary: 'x' }, { unacknowledged: ['M7'] })),
    ],
    ['without a summary', after('done', signalled({ status: 'done' }))],
  ],
  'for, notes, reason, resumePhase, phase: an approved plan': [
    ...(['crashed', 'timeout', 'network', 'usage_limit', 'no_signal', 'flooded'] as const).map(
      (end): Case => [
        `is changed by an agent that ended by ${end}`,
        after('implementation', outcomeOf({ end, plan: stale })),
      ],
    ),
    [
      'is changed, with a note for the next agent',
      after('implementation', handoff({ note: 'mind the cache' }, { plan: stale })),
    ],
    ['is changed, before another wait', after('implementation', signalled(device, { plan: stale }))],
    ['is changed in planning', after('planning', signalled(stay, { plan: stale }))],
    [
      'waits for approval again',
      after('planning', signalled({ status: 'waiting', for: 'plan_approval' }, { plan: planned })),
    ],
  ],
  'phase, notes, sentBack, rule, needs: checks fail': [
    [
      'for the third time',
      afterFailedChecks(progressIn('done', { testReturns: 2 }), ['npm test: 1', 'lint: 2']),
    ],
    ['for the fourth time', afterFailedChecks(progressIn('done', { testReturns: 3 }), ['lint: 2'])],
    [
      'after the second agent that may signal done',
      afterFailedChecks(progressIn('done', { counted: counted('done', 1) }), ['lint: 2']),
    ],
    [
      'after the last one, by their own rule',
      afterFailedChecks(progressIn('done', { counted: counted('done', 2) }), ['lint: 2']),
    ],
  ],
};

test('what is decided, in whole', async () => {
  const text = screened(FILMS, (cases) =>
    cases.map(([name, decision]) => ({ name, before: {}, after: decision })),
  );
  await expect(text).toMatchFileSnapshot('../../../../golden/films/decide.txt');
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

function inShort(decision: ReturnType<typeof decide>): string {
  if (decision.kind === 'block') return `block ${decision.rule}`;
  const retry = 'retry' in decision ? decision.retry : undefined;
  const later = decision.kind === 'run' && decision.delay === 'backoff';
  return [decision.kind, ...(retry ? [retry] : []), ...(later ? ['later'] : [])].join(' ');
}
