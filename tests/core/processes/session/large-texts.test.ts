import { expect, test } from 'vitest';
import { readInboxMessage } from '../../../../src/core/session/documents/inbox.ts';
import { changeOverview, readOverview } from '../../../../src/core/session/documents/overview.ts';
import { parsePlan, planChanges } from '../../../../src/core/session/documents/plan.ts';
import { parseQa } from '../../../../src/core/session/documents/qa.ts';
import { writeAnswers } from '../../../../src/core/session/documents/qa-change.ts';
import { parseSignal } from '../../../../src/core/session/documents/signal.ts';
import { ci } from '../../../support/ci.ts';

const TEN_MB = 10_000_000;
const DONE = { phase: 'done', iteration: 1, totalIterations: 9, blocked: 'no' } as const;
const HEADS = '# T\n## Status\n### Phase 1: x\n### Q1: x\n';

// One line of ten megabytes: a repeated group in a pattern overflows the stack of the regex engine on it.
test.each([
  '- ',
  ' ',
  '#',
  '_ ',
  '* ',
  'A, ',
  '- [ ] ',
  '<br>',
  '[',
  '`',
  '\u2028',
  '**Answer:** ',
  'Phase: ',
])('a line of ten megabytes of %j is read and changed', (piece) => {
  const text = HEADS + piece.repeat(Math.ceil(TEN_MB / piece.length));
  expect(readOverview(changeOverview(text, { status: DONE })).phase).toBe('done');
  expect(parseQa(writeAnswers(text, [{ id: 'Q1', text: 'B' }])).questions.length).toBeGreaterThan(0);
  expect(parsePlan(text).phases.length).toBeGreaterThan(0);
  expect(planChanges(text, `${text}x`).lines.length).toBeGreaterThan(0);
  expect(readInboxMessage('x.md', text).text.length).toBeGreaterThan(TEN_MB / 2);
  expect(parseSignal(text.slice(0, 1_000_000), 'init').kind).toBe('malformed');
});

test('ten megabytes of questions are read and answered', () => {
  const question = '### Q1: Which?\nA) x\nB) y\n**Suggestion:** B - z\n**Answer:** _waiting_\n';
  const big = `# Q&A: JWT\nStatus: waiting\n\n${question.repeat(TEN_MB / 100)}`;
  expect(parseQa(big).questions.length).toBe(TEN_MB / 100);
  expect(parseQa(writeAnswers(big, [{ id: 'Q1', text: 'A' }])).questions.at(0)?.answer).toBe('A');
});

test('ten megabytes of steps are read and compared', ci, () => {
  const plan = '# Plan: JWT\n\n### Phase 1: x\n- [ ] y\n';
  const big = `${plan}\n### Phase 2: x\n${'- [x] step ``` [\n'.repeat(600_000)}\n## Notes\n`;
  expect(parsePlan(big).phases.at(-1)?.steps.total).toBe(600_000);
  expect(planChanges(plan, big).lines.length).toBe(200);
});

test('ten megabytes of notes and one heading are read and changed', () => {
  const text = '# Session: add-jwt-auth\n\n## Status\nPhase: planning\n\n## Flow Log\n';
  const big = `${text}\n## Notes\n${'- [x] ```\t**Phase: x\n'.repeat(250_000)}${'#'.repeat(5_000_000)}`;
  const after = changeOverview(big, { status: DONE, appendFlow: ['[009 @ 01-08 16:00] end'] });
  expect(readOverview(after).phase).toBe('done');
  expect(after).toContain('[009 @ 01-08 16:00] end');
});
