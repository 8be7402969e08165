import { expect, test } from 'vitest';
import { sessionFrame } from '../../../../../src/extensions/pages/web/session-part.ts';

const { text } = sessionFrame('0123456789ab');

test('the decision that waits stands above the current agent and the figures, below the task', () => {
  const parts = [...text.matchAll(/id="(p-[a-z]+|changes)"/g)].map(([, id]) => id);
  expect(parts).toEqual([
    ...[
      'p-head',
      'p-gate',
      'p-services',
      'p-do',
      'p-now',
      'p-facts',
      'p-nav',
      'changes',
      'p-changes',
      'p-sections',
    ],
  ]);
});

test('a page whose session is not loaded yet says that it loads', () => {
  expect(text).toContain('<div id="p-head"><p class="sentence">Loading this session …</p></div>');
});
