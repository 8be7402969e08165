import { expect, test } from 'vitest';
import {
  changeOverview,
  newOverview,
  readOverview,
  type StatusBlock,
} from '../../../../src/core/session/documents/overview.ts';
import { parsePlan, planChanges, planHash } from '../../../../src/core/session/documents/plan.ts';
import {
  isMet,
  parseLedger,
  withLedger,
  withStates,
} from '../../../../src/core/session/documents/requirements.ts';
import { type Tables, tabled } from '../../../support/film.ts';
import { overviewProperties } from '../../properties/overview.ts';

const R1 = { id: 'R1', text: 'Names are kept', check: 'npm test -- names' };
const R2 = { id: 'R2', text: 'Names look nice', check: 'reviewed' };
const ledgerOf = (...requirements: object[]) => JSON.stringify({ requirements });
const PLAN = '# Plan: x\n\n### Phase 1: a\nFiles: a.ts\n- [ ] one\n\n## Notes\nA note.\n';

const long = (id: string, length: number) => ({ ...R1, id, check: 'x'.repeat(length) });

/** What is wrong with a ledger, without the form that it must have. */
function problemOf(text: string): string | undefined {
  const reading = parseLedger(text);
  return reading.kind === 'malformed' ? reading.problem.split('. It must be')[0] : reading.kind;
}

const LEDGERS: Tables = {
  'ledger, R1, R2: a ledger is read regardless of states and additional keys': {
    'with a state and a note': parseLedger(ledgerOf({ ...R1, state: 'met', note: 'easy' }, R2)),
  },
  'malformed: a ledger is refused, and each place is named with what was measured and is allowed': {
    'that is not JSON': parseLedger('{'),
    'that is empty': problemOf(''),
    'that has no requirement, with the form': parseLedger(ledgerOf()),
    'that has a duplicate id': problemOf(ledgerOf(R1, R1)),
    'that has an invalid id': problemOf(ledgerOf({ ...R1, id: 'A' })),
    'that has no check': problemOf(ledgerOf({ id: 'R1', text: 'x' })),
    'that has a kind of its own': problemOf(ledgerOf({ ...R1, kind: 'old' })),
    'that has an empty check': problemOf(ledgerOf({ ...R1, check: ' ' })),
    'that has a check of two lines': problemOf(ledgerOf(R2, { ...R1, id: 'R3', check: 'a\nb' })),
    'that has an invisible character in a text': problemOf(ledgerOf({ ...R1, text: 'a\u202Eb' })),
    'that has three checks that are too long, and a text': problemOf(
      ledgerOf(...[long('R1', 1001), long('R2', 1563), long('R3', 2000)], {
        ...long('R4', 1000),
        text: 'y'.repeat(501),
      }),
    ),
  },
  'met, open: a requirement is met only if its own command passed or it was reviewed': {
    'by its command': isMet(R1, { passed: ['npm test -- names'] }) ? 'met' : 'open',
    'by another command and a review': isMet(R1, { passed: ['npm test'], reviewed: ['R1'] }) ? 'met' : 'open',
    'by its review': isMet(R2, { reviewed: ['R2'] }) ? 'met' : 'open',
    'by the review of another': isMet(R2, { passed: ['reviewed'], reviewed: ['R1'] }) ? 'met' : 'open',
  },
  'met, open: the states known to the worker replace those that an agent wrote': {
    'open and met by the agent': JSON.parse(
      withStates(ledgerOf({ ...R1, state: 'open' }, { ...R2, state: 'met' }), { passed: [R1.check] }),
    ),
  },
};

const approved = planHash(withLedger(PLAN, ledgerOf(R1, R2)));
const [own = ''] = withLedger(PLAN, ledgerOf(R1, R2)).split('## Notes');
const stated = ledgerOf({ ...R1, state: 'met' }, { ...R2, state: 'open' });
/** Whether the approval of the plan with its ledger covers these, too. */
const isCovered = (plan: string, ledger?: string) =>
  planHash(withLedger(plan, ledger)) === approved ? 'covered' : 'not covered';
const splitAt = (text: string, check: string) => planHash(withLedger(PLAN, ledgerOf({ ...R1, text, check })));

const APPROVAL: Tables = {
  'covered, not: the approval of a plan covers ids, texts and checks of its ledger, and nothing that changes by work':
    {
      'states, checkboxes of the plan and further notes': isCovered(
        `${PLAN.replace('[ ]', '[x]')}Another note.\n`,
        stated,
      ),
      'a missing requirement': isCovered(PLAN, ledgerOf(R1)),
      'another order': isCovered(PLAN, ledgerOf(R2, R1)),
      'another text': isCovered(PLAN, ledgerOf({ ...R1, text: 'x' }, R2)),
      'another check': isCovered(PLAN, ledgerOf({ ...R1, check: 'true' }, R2)),
      'no ledger': isCovered(PLAN),
      'a torn ledger': isCovered(PLAN, '{'),
      'the same lines in the plan, without a ledger': isCovered(own),
      'the same lines and notes in the plan': isCovered(`${own}## Notes\nA note.\n`),
      'the same lines with other ends': isCovered(own.replaceAll('\n', ' \r\n')),
    },
  'What, R1, true: a plan is shown with each requirement and its check before the notes': {
    'with a ledger': withLedger(PLAN, ledgerOf(R1, R2)),
    'with another check': planChanges(
      withLedger(PLAN, ledgerOf(R1)),
      withLedger(PLAN, ledgerOf({ ...R1, check: 'true' })),
    ).lines,
  },
};

test('an approval does not cover a check that is split differently between text and command', () => {
  expect(splitAt('It adds', 'true`) (`npm test')).not.toBe(splitAt('It adds (`true`)', 'npm test'));
});

test('a ledger leaves the phases of its plan unchanged, and no ledger all of it', () => {
  expect(withLedger(PLAN, undefined)).toBe(PLAN);
  expect(parsePlan(withLedger(PLAN, ledgerOf(R1, R2))).phases).toEqual(parsePlan(PLAN).phases);
});

const OVERVIEW = `# Session: add-jwt-auth
Started: 2026-01-08 10:00
Working Dir: /home/me/worktrees/26-01-08-add-jwt-auth

## Task
Add JWT.

## Status
Phase: planning
Iteration: 3
Total Iterations: 7
Blocked: no
Last Action: Plan written
Next: Wait for approval

## Flow Log
- [007 @ 01-08 14:37] Plan created -> 01-08-1437-plan-jwt.md

## Files
- 01-08-1015-dive-auth.md

## Plans
- 01-08-1437-plan-jwt.md
`;

const QUALITY: StatusBlock = {
  phase: 'quality',
  iteration: 1,
  totalIterations: 8,
  blocked: 'waiting_human',
  qualityIteration: 1,
};
const INIT: StatusBlock = { phase: 'init', iteration: 0, totalIterations: 0, blocked: 'no' };

for (const property of overviewProperties) test(property.name, () => property.run(300));

const CHANGED =
  'Phase: done\n# Session: x\n\n## Status\n\nMood: fine\n- **Blocked:** yes\nLast Action: Looked\n**Phase:** done\nPhase: testing\n\n## Notes\nPhase: kept\n';
const WINDOWS = '\uFEFF# Session: x\r\n\r\n## Status  \r\nPhase: init\t\r\nMood: fine \r\n\r\n## 🙂\r\nbody';
const approvedNow = { status: QUALITY, appendFlow: ['[008 @ 01-08 15:00] Approved'] };
const FLOW = '## Flow Log\n- [001 @ 01-08 10:00] a\n';
const TASK = 'Build it.\n\n## Status\nPhase: done\n```\nopen';

const OVERVIEWS: Tables = {
  'planning, JWT: an overview is read': {
    'that is well-formed': readOverview(OVERVIEW),
    'with a heading inside a code block': readOverview(
      '## Task\n```\n## Status\nPhase: done\n```\n## Status\nPhase: init\n',
    ),
    'with a fence that is not closed': readOverview('## Task\n```\nno end\n## Status\nPhase: init\n'),
    'with a task that contains headings': readOverview(
      newOverview({ title: 'x', started: '2026-01-08 10:00', workingDir: '/w', task: TASK }),
    ),
  },
  'Quality, Mood, kept: the block of the status is written whole, wherever its lines stand, and all else is kept':
    {
      'with a line of the flow': changeOverview(OVERVIEW, approvedNow),
      'with a line of the flow that it has': changeOverview(FLOW, {
        appendFlow: ['[001 @ 01-08 10:00] a', ''],
      }),
      'without a round of quality': changeOverview('## Status\nQuality Iteration: 1\n', { status: INIT }),
      'after an agent changed it': changeOverview(CHANGED, { status: INIT }),
      'with CRLF, a byte order mark and trailing spaces': changeOverview(WINDOWS, { status: INIT }),
      'with sections that were missing': changeOverview('# Session: x\n## Files\n- a.md', {
        status: INIT,
        appendFlow: ['[001 @ 01-08 10:00] a'],
      }),
    },
};

test('overviews and ledgers are read and written as these films show', async () => {
  const text = tabled({ ...LEDGERS, ...APPROVAL, ...OVERVIEWS });
  await expect(text).toMatchFileSnapshot('../../../golden/films/overview-and-requirements.txt');
});
