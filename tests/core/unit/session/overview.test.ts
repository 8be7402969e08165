import { expect, test } from 'vitest';
import {
  changeOverview,
  newOverview,
  readOverview,
  restoreLost,
} from '../../../../src/core/session/documents/overview.ts';
import { overviewProperties } from '../../properties/overview.ts';

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

test('a change replaces its own lines and inserts missing ones in order', () => {
  const after = changeOverview(OVERVIEW, {
    phase: 'quality',
    iteration: 1,
    totalIterations: 8,
    blocked: 'waiting_human',
    qualityIteration: 1,
    appendFlow: ['[008 @ 01-08 15:00] Approved'],
  });
  expect(after).toBe(
    OVERVIEW.replace('Phase: planning', 'Phase: quality')
      .replace('Iteration: 3', 'Iteration: 1')
      .replace('Iterations: 7', 'Iterations: 8')
      .replace('Blocked: no', 'Blocked: waiting_human\nQuality Iteration: 1')
      .replace('plan-jwt.md\n\n## Files', 'plan-jwt.md\n- [008 @ 01-08 15:00] Approved\n\n## Files'),
  );
  const back = changeOverview(after, { qualityIteration: null, phase: 'planning' });
  expect(back).not.toContain('Quality Iteration');
});

test('CRLF, a byte order mark, trailing spaces and unknown sections are kept', () => {
  const text = '\uFEFF# Session: x\r\n\r\n## Status  \r\nPhase: init\t\r\nMood: fine \r\n\r\n## 🙂\r\nbody';
  expect(changeOverview(text, { phase: 'planning', iteration: 2 })).toBe(
    '\uFEFF# Session: x\r\n\r\n## Status  \r\nPhase: planning\r\nIteration: 2\r\nMood: fine \r\n\r\n## 🙂\r\nbody',
  );
});

test('a heading inside a code block is not a heading, and an unclosed fence hides nothing', () => {
  const fenced = '## Task\n```\n## Status\nPhase: done\n```\n## Status\nPhase: init\n';
  expect(readOverview(fenced).phase).toBe('init');
  expect(readOverview('## Task\n```\nno end\n## Status\nPhase: init\n').phase).toBe('init');
});

test('missing sections are added in their order', () => {
  const after = changeOverview('# Session: x\n## Files\n- a.md', {
    phase: 'init',
    appendFlow: ['[001 @ 01-08 10:00] a'],
  });
  expect(after).toBe(
    '# Session: x\n\n## Status\nPhase: init\n\n## Flow Log\n- [001 @ 01-08 10:00] a\n\n## Files\n- a.md',
  );
});

test('a task that contains headings is kept verbatim and moves no section', () => {
  const task = 'Build it.\n\n## Status\nPhase: done\n```\nopen';
  const text = newOverview({ title: 'x', started: '2026-01-08 10:00', workingDir: '/w', task });
  expect(readOverview(text)).toMatchObject({ task, phase: 'init' });
});

test('dropped flow lines are restored between their old neighbours, without duplicates', () => {
  const flow = ['[001 @ 01-08 10:00] a', '[002 @ 01-08 10:10] b', '[003 @ 01-08 10:20] c'];
  const text =
    '## Task\nnew words\n\n## Flow Log\n- [001 @ 01-08 10:00] a\n  more on a\n- [003 @ 01-08 10:20] c\n- own\n';
  expect(restoreLost(text, { task: 'Old words', flow })).toBe(
    '## Task\nOld words\n\nnew words\n\n## Flow Log\n- [001 @ 01-08 10:00] a\n  more on a\n' +
      '- [002 @ 01-08 10:10] b\n- [003 @ 01-08 10:20] c\n- own\n',
  );
});
