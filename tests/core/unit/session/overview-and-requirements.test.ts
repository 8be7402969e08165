import { describe, expect, test } from 'vitest';
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
import { overviewProperties } from '../../properties/overview.ts';

const R1 = { id: 'R1', text: 'Names are kept', check: 'npm test -- names' };
const R2 = { id: 'R2', text: 'Names look nice', check: 'reviewed' };
const ledgerOf = (...requirements: object[]) => JSON.stringify({ requirements });
const PLAN = '# Plan: x\n\n### Phase 1: a\nFiles: a.ts\n- [ ] one\n\n## Notes\nA note.\n';

test('a ledger is read regardless of states and additional keys', () => {
  const text = ledgerOf({ ...R1, state: 'met', note: 'easy' }, R2);
  expect(parseLedger(text)).toEqual({ kind: 'ledger', requirements: [R1, R2] });
});

test.each([
  ['is not JSON', '{', 'it is not valid JSON'],
  ['is empty', '', 'it is not valid JSON'],
  ['has no requirement', ledgerOf(), 'it is not a list of 1 to 100 requirements'],
  ['has a duplicate id', ledgerOf(R1, R1), 'R1 stands there twice'],
  ['has an invalid id', ledgerOf({ ...R1, id: 'A' }), 'entry 1 has an id that is not R and a number'],
  ['has no check', ledgerOf({ id: 'R1', text: 'x' }), 'R1 has no check'],
  ['has a kind of its own', ledgerOf({ ...R1, kind: 'old' }), 'R1 has a kind that is neither new nor stays'],
  ['has an empty check', ledgerOf({ ...R1, check: ' ' }), 'R1 has no check'],
  [
    'has a check of two lines',
    ledgerOf(R2, { ...R1, id: 'R3', check: 'a\nb' }),
    'the check of R3 is not one line',
  ],
  [
    'has an invisible character in a text',
    ledgerOf({ ...R1, text: 'a\u202Eb' }),
    'the text of R1 is not one line, or has hidden characters',
  ],
  [
    'has three checks that are too long, and a text',
    ledgerOf(
      ...[1001, 1563, 2000].map((length, at) => ({ ...R1, id: `R${at + 1}`, check: 'x'.repeat(length) })),
      { ...R1, id: 'R4', text: 'y'.repeat(501), check: 'z'.repeat(1000) },
    ),
    'the check of R1 has 1001 characters; 1000 are allowed; the check of R2 has 1563 characters; 1000 are allowed; ' +
      'the check of R3 has 2000 characters; 1000 are allowed; the text of R4 has 501 characters; 500 are allowed. It must be',
  ],
])(
  'a ledger that %s is refused, and each place is named with what was measured and is allowed',
  (_, text, problem) => {
    expect(parseLedger(text)).toEqual({ kind: 'malformed', problem: expect.stringContaining(problem) });
  },
);

describe('the approval of a plan', () => {
  const approved = planHash(withLedger(PLAN, ledgerOf(R1, R2)));

  test('covers only the plan if there is no ledger', () => {
    expect(withLedger(PLAN, undefined)).toBe(PLAN);
  });

  test('covers ids, texts and checks of the ledger', () => {
    const others = [[R1], [R2, R1], [{ ...R1, text: 'x' }, R2], [{ ...R1, check: 'true' }, R2]];
    for (const other of others) expect(planHash(withLedger(PLAN, ledgerOf(...other)))).not.toBe(approved);
    expect(planHash(PLAN)).not.toBe(approved);
    expect(planHash(withLedger(PLAN, '{'))).not.toBe(approved);
  });

  test('does not cover a plan that contains the same lines in its own text, without a ledger', () => {
    const [own = ''] = withLedger(PLAN, ledgerOf(R1, R2)).split('## Notes');
    for (const text of [own, `${own}## Notes\nA note.\n`, own.replaceAll('\n', ' \r\n')])
      expect(planHash(withLedger(text, undefined))).not.toBe(approved);
  });

  test('does not cover a check that is split differently between text and command', () => {
    const one = ledgerOf({ ...R1, text: 'It adds', check: 'true`) (`npm test' });
    const other = ledgerOf({ ...R1, text: 'It adds (`true`)', check: 'npm test' });
    expect(planHash(withLedger(PLAN, one))).not.toBe(planHash(withLedger(PLAN, other)));
  });

  test('does not cover states, checkboxes of the plan or further notes', () => {
    const stated = ledgerOf({ ...R1, state: 'met' }, { ...R2, state: 'open' });
    const worked = `${PLAN.replace('[ ]', '[x]')}Another note.\n`;
    expect(planHash(withLedger(worked, stated))).toBe(approved);
  });

  test('shows each requirement with its check before the notes, and leaves the phases unchanged', () => {
    const text = withLedger(PLAN, ledgerOf(R1, R2));
    expect(text).toContain(
      '## What will be checked\n\n- R1: Names are kept (`npm test -- names`)\n- R2: Names look nice (by review)\n\n## Notes\nA note.\n',
    );
    expect(parsePlan(text).phases).toEqual(parsePlan(PLAN).phases);
  });

  test('shows how a requirement changed', () => {
    const { lines } = planChanges(
      withLedger(PLAN, ledgerOf(R1)),
      withLedger(PLAN, ledgerOf({ ...R1, check: 'true' })),
    );
    expect(lines).toContain('- - R1: Names are kept (`npm test -- names`)');
    expect(lines).toContain('+ - R1: Names are kept (`true`)');
  });
});

test('a requirement is met only if its own command passed or it was reviewed', () => {
  expect(isMet(R1, { passed: ['npm test -- names'] })).toBe(true);
  expect(isMet(R1, { passed: ['npm test'], reviewed: ['R1'] })).toBe(false);
  expect(isMet(R2, { reviewed: ['R2'] })).toBe(true);
  expect(isMet(R2, { passed: ['reviewed'], reviewed: ['R1'] })).toBe(false);
});

test('the states known to the worker replace those that an agent wrote', () => {
  const text = ledgerOf({ ...R1, state: 'open' }, { ...R2, state: 'met' });
  expect(JSON.parse(withStates(text, { passed: [R1.check] }))).toEqual({
    requirements: [
      { ...R1, state: 'met' },
      { ...R2, state: 'open' },
    ],
  });
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

test('a well-formed overview is read', () => {
  expect(readOverview(OVERVIEW)).toEqual({
    workingDir: '/home/me/worktrees/26-01-08-add-jwt-auth',
    task: 'Add JWT.',
    phase: 'planning',
    iteration: 3,
    totalIterations: 7,
    blocked: 'no',
    lastAction: 'Plan written',
    next: 'Wait for approval',
    flow: ['[007 @ 01-08 14:37] Plan created -> 01-08-1437-plan-jwt.md'],
  });
});

test('the block of the status is written whole, and new flow lines follow the others', () => {
  const after = changeOverview(OVERVIEW, { status: QUALITY, appendFlow: ['[008 @ 01-08 15:00] Approved'] });
  expect(after).toBe(
    OVERVIEW.replace('Phase: planning', 'Phase: quality')
      .replace('Iteration: 3', 'Iteration: 1')
      .replace('Iterations: 7', 'Iterations: 8')
      .replace('Blocked: no', 'Blocked: waiting_human\nQuality Iteration: 1')
      .replace('plan-jwt.md\n\n## Files', 'plan-jwt.md\n- [008 @ 01-08 15:00] Approved\n\n## Files'),
  );
  expect(changeOverview(after, { status: INIT })).not.toContain('Quality Iteration');
});

test('what an agent changed in the block is overwritten, wherever its lines stand, and its other lines are kept', () => {
  const text =
    'Phase: done\n# Session: x\n\n## Status\n\nMood: fine\n- **Blocked:** yes\nLast Action: Looked\n**Phase:** done\nPhase: testing\n\n## Notes\nPhase: kept\n';
  expect(changeOverview(text, { status: INIT })).toBe(
    '# Session: x\n\n## Status\nPhase: init\nIteration: 0\nTotal Iterations: 0\nBlocked: no\n\nMood: fine\nLast Action: Looked\n\n## Notes\nPhase: kept\n',
  );
});

test('CRLF, a byte order mark, trailing spaces and unknown sections are kept', () => {
  const text = '\uFEFF# Session: x\r\n\r\n## Status  \r\nPhase: init\t\r\nMood: fine \r\n\r\n## 🙂\r\nbody';
  expect(changeOverview(text, { status: INIT })).toBe(
    '\uFEFF# Session: x\r\n\r\n## Status  \r\nPhase: init\r\nIteration: 0\r\nTotal Iterations: 0\r\nBlocked: no\r\nMood: fine \r\n\r\n## 🙂\r\nbody',
  );
});

test('a heading inside a code block is not a heading, and an unclosed fence hides nothing', () => {
  const fenced = '## Task\n```\n## Status\nPhase: done\n```\n## Status\nPhase: init\n';
  expect(readOverview(fenced).phase).toBe('init');
  expect(readOverview('## Task\n```\nno end\n## Status\nPhase: init\n').phase).toBe('init');
});

test('missing sections are added in their order', () => {
  const after = changeOverview('# Session: x\n## Files\n- a.md', {
    status: INIT,
    appendFlow: ['[001 @ 01-08 10:00] a'],
  });
  expect(after).toBe(
    '# Session: x\n\n## Status\nPhase: init\nIteration: 0\nTotal Iterations: 0\nBlocked: no\n\n## Flow Log\n- [001 @ 01-08 10:00] a\n\n## Files\n- a.md',
  );
});

test('a task that contains headings is kept verbatim and moves no section', () => {
  const task = 'Build it.\n\n## Status\nPhase: done\n```\nopen';
  const text = newOverview({ title: 'x', started: '2026-01-08 10:00', workingDir: '/w', task });
  expect(readOverview(text)).toMatchObject({ task, phase: 'init' });
});
