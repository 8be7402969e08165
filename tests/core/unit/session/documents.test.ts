import { expect, test } from 'vitest';
import {
  logFileName,
  parseDocumentName,
  sortNewestFirst,
  stderrFileName,
} from '../../../../src/core/session/documents/documents.ts';
import { documentsProperties } from '../../properties/documents.ts';

for (const property of documentsProperties) test(property.name, () => property.run(500));

test.each([
  ['01-08-1437-plan-jwt.md', { stamp: '01-08-1437', kind: 'plan', slug: 'jwt' }],
  ['01-08-14:37-plan-x.md', { stamp: '01-08-1437', kind: 'plan', slug: 'x' }],
  ['06-06-15:20-quality-review.md', { stamp: '06-06-1520', kind: 'quality-review', slug: '' }],
  ['01-08-1437-test-report-2.md', { stamp: '01-08-1437', kind: 'test-report', slug: '2' }],
  ['01-08-1437-dop-phase-1.md', { stamp: '01-08-1437', kind: 'dop', slug: 'phase-1' }],
  ['01-08-1437-sketch.md', { stamp: '01-08-1437', kind: undefined, slug: 'sketch' }],
])('%s is parsed', (name, expected) => {
  expect(parseDocumentName(name)).toEqual(expected);
});

test('other files are not documents', () => {
  for (const name of ['_overview.md', '01-08-plan.md', '01-08-1437-plan.txt', '', '01-08-1437-.md']) {
    expect(parseDocumentName(name)).toBeUndefined();
  }
});

test('files are sorted newest first across new year', () => {
  const files = ['_qa.md', '12-31-2300-dive-a.md', '01-01-08:00-plan-b.md', '12-31-2301-task-c.md'];
  expect(sortNewestFirst(files, '25-12-30')).toEqual([
    '01-01-08:00-plan-b.md',
    '12-31-2301-task-c.md',
    '12-31-2300-dive-a.md',
    '_qa.md',
  ]);
});

test('a document that is older than the session is sorted behind its own', () => {
  const files = ['01-05-0900-plan-old.md', '01-09-1000-plan-new.md', '12-30-1000-plan-older.md'];
  expect(sortNewestFirst(files, '26-01-08')).toEqual([
    '01-09-1000-plan-new.md',
    '01-05-0900-plan-old.md',
    '12-30-1000-plan-older.md',
  ]);
});

test('of two documents of the same minute, the one with the higher number is newer', () => {
  const files = ['01-08-1437-plan-a.md', '01-08-1437-plan-a-10.md', '01-08-1437-plan-a-2.md'];
  expect(sortNewestFirst(files)).toEqual([
    '01-08-1437-plan-a-10.md',
    '01-08-1437-plan-a-2.md',
    '01-08-1437-plan-a.md',
  ]);
});

test('log names carry stamp, number and phase', () => {
  const name = logFileName('01-08-1437', 7, 'planning');
  expect(name).toBe('01-08-1437-007-planning.jsonl');
  expect(stderrFileName(name)).toBe('01-08-1437-007-planning.stderr');
  expect(logFileName('01-08-1437', 1234, 'done')).toBe('01-08-1437-1234-done.jsonl');
});
