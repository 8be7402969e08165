import { expect, test } from 'vitest';

import { columnsOf } from '../../src/cli/cut-to-columns.ts';
import { hanging } from '../../src/cli/hanging.ts';
import { wantsColour } from '../../src/cli/style.ts';

test.each([
  ['Chinese', '你好世界 你好世界 你好世界', '· 你好世界 你好世界\n  你好世界'],
  ['emoji', '🚀🚀🚀🚀 🚀🚀🚀🚀 🚀🚀🚀🚀', '· 🚀🚀🚀🚀 🚀🚀🚀🚀\n  🚀🚀🚀🚀'],
  [
    'combining marks',
    'e\u0301e\u0301e\u0301e\u0301 abcdefgh ijkl',
    '· e\u0301e\u0301e\u0301e\u0301 abcdefgh\n  ijkl',
  ],
])('a paragraph with %s is broken where the terminal is full', (_name, text, lines) => {
  expect(hanging(text, { first: '· ', rest: 2, columns: 19 })).toBe(lines);
});

test('colours take no place of a line', () => {
  expect(columnsOf('\u001b[1m日本語\u001b[22m')).toBe(6);
});

test.each([
  ['FORCE_COLOR in a pipe', { isTerminal: false, asked: true, env: { FORCE_COLOR: '1' } }, true],
  [
    'FORCE_COLOR beside NO_COLOR',
    { isTerminal: true, asked: true, env: { FORCE_COLOR: '1', NO_COLOR: '1' } },
    true,
  ],
  ['FORCE_COLOR=0', { isTerminal: true, asked: true, env: { FORCE_COLOR: '0' } }, false],
  ['an empty FORCE_COLOR in a pipe', { isTerminal: false, asked: true, env: { FORCE_COLOR: '' } }, false],
  ['FORCE_COLOR beside --no-color', { isTerminal: true, asked: false, env: { FORCE_COLOR: '1' } }, false],
])('with %s the answer to colour is as documented', (_name, wishes, wanted) => {
  expect(wantsColour(wishes)).toBe(wanted);
});
