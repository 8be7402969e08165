import { expect, test } from 'vitest';
import {
  changeOverview,
  newOverview,
  readOverview,
  type StatusBlock,
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
