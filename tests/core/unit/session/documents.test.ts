import { expect, test } from 'vitest';
import {
  logFileName,
  parseDocumentName,
  sortNewestFirst,
  stderrFileName,
} from '../../../../src/core/session/documents/documents.ts';
import { historyLine } from '../../../../src/core/session/documents/history.ts';
import { inboxFileName, inboxMessage, sortInbox } from '../../../../src/core/session/documents/inbox.ts';
import { pictureSentences } from '../../../../src/core/session/documents/picture-words.ts';
import type { PicturesTaken } from '../../../../src/core/session/events/bodies/pictures.ts';
import { sessionLogLine } from '../../../../src/core/worker/documents/projector.ts';
import { documentsProperties } from '../../properties/documents.ts';
import { historyProperties } from '../../properties/history.ts';
import { inboxProperties } from '../../properties/inbox.ts';

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

const entry = {
  timestamp: '2026-01-08 14:37:00',
  iteration: 7,
  phase: 'planning',
  status: 'waiting',
  for: 'plan_approval',
  n: 41,
};

for (const property of historyProperties) test(property.name, () => property.run(300));

test('a line has all its keys in order, with null for missing values', () => {
  expect(historyLine(entry)).toBe(
    '{"timestamp":"2026-01-08 14:37:00","iteration":7,"phase":"planning","status":"waiting","ending":null,' +
      '"summary":null,"reason":null,"needs":null,"for":"plan_approval","n":41}\n',
  );
});

test('a log entry has its time stamp and is one line', () => {
  expect(sessionLogLine('01-08 14:37', 'planning began')).toBe('[01-08 14:37] planning began\n');
  expect(sessionLogLine('01-08 14:37', 'a\r\n[01-08 14:38] forged\u2028b\n')).toBe(
    '[01-08 14:37] a [01-08 14:38] forged b\n',
  );
});

const ID = '01KEG3A7Q4X8M2N6P0R5T9V1WZ';

for (const property of inboxProperties) test(property.name, () => property.run(300));

test('a message is in its file verbatim', () => {
  expect(inboxFileName({ stamp: '01-08-1437', id: ID })).toBe(`01-08-1437-${ID}.md`);
  expect(inboxMessage({ id: ID, stamp: '01-08-1437', channel: 'cli', text: 'Use tabs.\n\n# really' })).toBe(
    `# Message from the human\nId: ${ID}\nAt: 01-08-1437\nFrom: cli\n\nUse tabs.\n\n# really\n`,
  );
});

test('messages are read in order of time across new year, and other files are ignored', () => {
  const late = '01-01-0001-01KEG3A7Q4X8M2N6P0R5T9V1WZ.md';
  const early = '12-31-2359-01KDG3A7Q4X8M2N6P0R5T9V1WZ.md';
  expect(sortInbox([late, 'hint.md', 'read', '.draft.md', 'a.md', early])).toEqual([early, late]);
});

const PICTURE = { file: 'pictures/a.png', hash: 'a', width: 1280, height: 900 };
const TAKEN: PicturesTaken = { base: 'b', commit: 'c', pages: [], uiFiles: ['web/styles.css'] };

test('a changed page is named with its width, and a redirect with it', () => {
  const row = { page: '/', before: PICTURE, after: PICTURE };
  const pages = [
    { ...row, width: 1280, differing: 12 },
    { ...row, width: 390, differing: 0, said: 'it redirects to /login' },
  ];
  expect(pictureSentences({ ...TAKEN, pages })).toEqual([
    '1 of 2 pictures differ: `/` at 1280 px.',
    '`/` at 390 px: `it redirects to /login`.',
  ]);
});

test('what was compared, and changed files that decide what people see, are named if no picture differs', () => {
  const row = { page: '/', before: PICTURE, differing: 0 };
  const pages = [
    { ...row, width: 1280, after: { ...PICTURE, height: 2400 } },
    { ...row, width: 390, after: PICTURE },
    { page: '/login', width: 1280, after: PICTURE },
  ];
  expect(pictureSentences({ ...TAKEN, pages })).toEqual([
    'No picture differs, although `web/styles.css` changed. Compared, as they open without a click or a login: `/` at 1280 px, 2400 px high; `/` at 390 px, 900 px high.',
  ]);
});

test('the reason is given if no picture was taken', () => {
  expect(pictureSentences({ ...TAKEN, said: 'no browser was found' })).toEqual([
    'No picture was taken, although `web/styles.css` changed: `no browser was found`.',
  ]);
});
