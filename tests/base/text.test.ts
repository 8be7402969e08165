import { expect, test } from 'vitest';
import { cleanText, visibleControls } from '../../src/base/text.ts';

test.each([
  ['terminal colours', '\u001b[31mred\u001b[0m', 'red'],
  ['the title of a terminal window', 'a\u001b]0;owned\u0007b', 'ab'],
  ['a lone escape', 'a\u001b', 'a\ufffd'],
  ['other controls', 'a\u0000b\u0008c\u007fd\u009be', 'a\ufffdb\ufffdc\ufffdd\ufffde'],
  ['marks that change the direction of writing', 'a\u202eb\u2066c', 'a\ufffdb\ufffdc'],
  ['foreign line endings', 'a\r\nb\rc', 'a\nb\nc'],
])("a person's text is kept without %s", (_, given, plain) => {
  expect(cleanText(given)).toBe(plain);
});

test.each(['two\nlines\tand a tab', 'שלום\u200f!', 'zażółć 👩‍👧 一', ''])(
  '%j is kept as it was written',
  (text) => {
    expect(cleanText(text)).toBe(text);
  },
);

test('a control character is shown as its escape, so that names stay distinguishable', () => {
  expect(visibleControls('x\u001b[31m\u202e')).toBe('x\\u001b[31m\\u202e');
  expect(visibleControls('two\nlines\t')).toBe('two\nlines\t');
});
