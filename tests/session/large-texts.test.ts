import { expect, test } from 'vitest';
import { readInboxMessage } from '../../src/session/documents/inbox.ts';
import { changeOverview, readOverview, restoreLost } from '../../src/session/documents/overview.ts';
import { parsePlan, planChanges } from '../../src/session/documents/plan.ts';
import { parseQa } from '../../src/session/documents/qa.ts';
import { writeAnswers } from '../../src/session/documents/qa-change.ts';
import { parseSignal } from '../../src/session/documents/signal.ts';
import { inferPhase } from '../../src/session/legacy-session.ts';

const TEN_MB = 10_000_000;
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
  expect(readOverview(changeOverview(text, { phase: 'done' })).phase).toBe('done');
  expect(restoreLost(text, { task: 'x', flow: ['y'] }).length).toBeGreaterThan(text.length);
  expect(parseQa(writeAnswers(text, [{ id: 'Q1', text: 'B' }])).questions.length).toBeGreaterThan(0);
  expect(parsePlan(text).phases.length).toBeGreaterThan(0);
  expect(planChanges(text, `${text}x`).lines.length).toBeGreaterThan(0);
  expect(readInboxMessage('x.md', text).text.length).toBeGreaterThan(TEN_MB / 2);
  expect(parseSignal(text.slice(0, 1_000_000), 'init').kind).toBe('malformed');
  expect(inferPhase(text)).toBeDefined();
});
