import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnsOf, grid, hanging, padTo } from '../../../../../src/core/faces/terminal/columns.ts';
import { fitLine, presentable } from '../../../../../src/core/faces/terminal/style.ts';
import { HIDDEN_CHARACTERS } from '../../../../support/hidden-characters.ts';

test.each([
  ['Chinese', '你好世界 你好世界 你好世界', '· 你好世界 你好世界\n  你好世界'],
  ['emoji', '🚀🚀🚀🚀 🚀🚀🚀🚀 🚀🚀🚀🚀', '· 🚀🚀🚀🚀 🚀🚀🚀🚀\n  🚀🚀🚀🚀'],
  [
    'combining marks',
    'e\u0301e\u0301e\u0301e\u0301 abcdefgh ijkl',
    '· e\u0301e\u0301e\u0301e\u0301 abcdefgh\n  ijkl',
  ],
])('a paragraph with %s is wrapped at the width of the terminal', (_name, text, lines) => {
  expect(hanging(text, { first: '· ', columns: 19 })).toBe(lines.normalize());
});

test('colours have no width in a line', () => {
  expect(columnsOf('\u001b[1m日本語\u001b[22m')).toBe(6);
});

test('no line of East Asian or emoji text is wider than the terminal, and none of it is lost', () => {
  const unit = fc.constantFrom('你', '한', 'ｱ', 'Ａ', '🚀', '👩‍👩‍👧‍👦', '🇫🇷', 'é', 'e\u0301', 'a', ' ');
  fc.assert(
    fc.property(fc.string({ unit }), fc.integer({ min: 20, max: 60 }), (text, columns) => {
      const shown = hanging(`语 ${text}`, { first: '· ', columns });
      for (const line of shown.split('\n')) expect(columnsOf(line)).toBeLessThanOrEqual(columns);
      expect(shown.replace(/\s/g, '')).toBe(`·语${text.replace(/\s/g, '')}`.normalize());
    }),
  );
});

test('a path longer than the line is kept whole, so that it can be copied', () => {
  const path = '/a/very/long/path/to/a/worktree/of/a/session';
  expect(hanging(`see ${path} there`, { first: '', columns: 20 })).toBe(`see\n${path}\nthere`);
});

test('names of any letters are padded to the same width', () => {
  const names = ['boat', '船', '🚀🚀', 'e\u0301te\u0301'];
  expect(names.map((name) => columnsOf(padTo(name, 6)))).toEqual([6, 6, 6, 6]);
});

test('printed text is as wide as computed, even with a truncated emoji or hidden text', () => {
  const unit = fc.oneof(
    fc.constantFrom(...HIDDEN_CHARACTERS),
    fc.constantFrom('a', ' ', '語', '👩‍👧', '❤️', 'می‌خ'),
  );
  fc.assert(
    fc.property(fc.string({ unit, minLength: 1 }), (text) => {
      const line = fitLine(text);
      const [row = ''] = grid([[line, line]], { columns: 40, cut: { 0: 3, 1: 3 } });
      const paragraph = hanging(line, { first: '· ', columns: 12 });
      for (const each of [row, ...paragraph.split('\n')])
        expect(columnsOf(presentable(each, false))).toBe(columnsOf(each));
      expect(columnsOf(row)).toBeLessThanOrEqual(40);
    }),
    { numRuns: 1000 },
  );
});
