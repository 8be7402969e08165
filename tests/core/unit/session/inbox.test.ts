import { expect, test } from 'vitest';
import { inboxFileName, inboxMessage, sortInbox } from '../../../../src/core/session/documents/inbox.ts';
import { inboxProperties } from '../../properties/inbox.ts';

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
