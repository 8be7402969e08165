import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  columnsOf,
  cutToColumns,
  grid,
  hanging,
  padTo,
} from '../../../../../src/core/faces/terminal/columns.ts';
import { diffColours, formatMarkdown } from '../../../../../src/core/faces/terminal/markdown.ts';
import { pagerOf } from '../../../../../src/core/faces/terminal/pager.ts';
import { phaseLine } from '../../../../../src/core/faces/terminal/progress-view.ts';
import {
  fitLine,
  harmless,
  makeStyle,
  presentable,
  wantsColour,
} from '../../../../../src/core/faces/terminal/style.ts';
import { duration, stopwatch } from '../../../../../src/core/kernel/durations.ts';
import { PHASE_NAMES } from '../../../../../src/core/kernel/phases/table.ts';
import { HIDDEN_CHARACTERS } from '../../../../support/hidden-characters.ts';
import { PLAN } from './plan-sample.ts';

test('a cut line is never wider than the terminal', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'ß', ' ', '✔', '語', '🚀', '👩‍👩‍👧', 'e\u0301', '\u001b[1m') }),
      fc.integer({ min: 1, max: 40 }),
      (text, columns) => {
        expect(columnsOf(cutToColumns(text, columns))).toBeLessThanOrEqual(columns);
      },
    ),
  );
});

test('a line that fits is not changed', () => {
  expect(cutToColumns('\u001b[1mabc\u001b[22m', 3)).toBe('\u001b[1mabc\u001b[22m');
});

test('colours have no width, and truncation ends them', () => {
  expect(cutToColumns('\u001b[1mabcdef\u001b[22m', 4)).toBe('\u001b[1mabc\u001b[22m…');
});

test('wide letters count as two columns', () => {
  expect(cutToColumns('日本語', 5)).toBe('日本…');
});

test.each([
  [0, '0 s'],
  [59_400, '59 s'],
  [185_000, '3 min 05 s'],
  [7_800_000, '2 h 10 min'],
  [277_200_000, '3 d 5 h'],
])('%i ms is formatted as %s', (ms, words) => {
  expect(duration(ms)).toBe(words);
});

test.each([
  [0, '0:00'],
  [754_000, '12:34'],
  [3_725_000, '1:02:05'],
])('a stopwatch shows %i ms as %s', (ms, words) => {
  expect(stopwatch(ms)).toBe(words);
});

test('a hanging paragraph keeps every word and the width', () => {
  const word = fc.stringMatching(/^[a-z]{1,10}$/);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (words) => {
      const text = hanging(words.join(' '), { first: 'Q1  ', columns: 30 });
      expect(text.slice(4).split(/\s+/)).toEqual(words);
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(30);
    }),
  );
});

test.each(PHASE_NAMES)('the phase line marks %s as the current phase, at any width', (phase) => {
  const style = makeStyle(false);
  const wide = phaseLine({ phase, isDone: false, columns: 120, style });
  expect(wide).toContain(`● ${phase}`);
  expect(wide).toContain('implementation');
  const narrow = phaseLine({ phase, isDone: false, columns: 60, style });
  expect(narrow).toContain(`● ${phase}`);
});

test('a finished session has no current phase', () => {
  const line = phaseLine({ phase: 'done', isDone: true, columns: 200, style: makeStyle(true) });
  expect(stripVTControlCharacters(line)).toBe(PHASE_NAMES.map((name) => `✔ ${name}`).join(' ▸ '));
});

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

test('quoted text contains no control sequences', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject
      expect(harmless(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
    }),
  );
});

test('a colour and a title sequence are removed completely', () => {
  expect(harmless('\u001b[31mred\u001b[0m \u001b]0;title\u0007end')).toBe('red end');
});

test('a single line remains one line, within its length', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 2, max: 80 }), (text, max) => {
      const line = fitLine(text, max);
      expect(line).not.toContain('\n');
      expect(line.length).toBeLessThanOrEqual(max);
    }),
  );
});

test.each([
  ['a terminal', { isTerminal: true }, true],
  ['a pipe', { isTerminal: false }, false],
  ['a dumb terminal', { env: { TERM: 'dumb' } }, false],
  ['NO_COLOR', { env: { NO_COLOR: '1' } }, false],
  ['NO_COLOR=0, which counts as set', { env: { NO_COLOR: '0' } }, false],
  ['an empty NO_COLOR', { env: { NO_COLOR: '' } }, true],
  ['FORCE_COLOR=1', { env: { FORCE_COLOR: '1' } }, true],
  ['FORCE_COLOR=1 in a pipe', { isTerminal: false, env: { FORCE_COLOR: '1' } }, true],
  ['FORCE_COLOR=1 on a dumb terminal', { env: { FORCE_COLOR: '1', TERM: 'dumb' } }, true],
  ['FORCE_COLOR=1 with NO_COLOR', { env: { FORCE_COLOR: '1', NO_COLOR: '1' } }, true],
  ['FORCE_COLOR=0', { env: { FORCE_COLOR: '0' } }, false],
  ['FORCE_COLOR=false', { env: { FORCE_COLOR: 'false' } }, false],
  ['an empty FORCE_COLOR in a pipe', { isTerminal: false, env: { FORCE_COLOR: '' } }, false],
  ['--no-color', { asked: false }, false],
  ['--no-color with FORCE_COLOR=1', { asked: false, env: { FORCE_COLOR: '1' } }, false],
])('with %s colour is on or off as documented', (_name, wishes, wanted) => {
  expect(wantsColour({ isTerminal: true, asked: true, env: {}, ...wishes })).toBe(wanted);
});

test('a line that is cut ends with a whole emoji', () => {
  expect(fitLine('🚀🚀🚀', 4)).toBe('🚀…');
});

test('a plain style changes nothing', () => {
  expect(makeStyle(false).bad('text')).toBe('text');
  expect(makeStyle(true).bad('text')).toBe('\u001b[31mtext\u001b[39m');
});

const colours = makeStyle(true);

test('Markdown in a pipe is unchanged except for terminal control sequences', () => {
  const columns = Number.POSITIVE_INFINITY;
  expect(formatMarkdown(`\u001b[2J${PLAN}`, { style: makeStyle(false), columns })).toBe(PLAN.trimEnd());
});

test('headings, code and ticks are coloured, and the content of a fence is kept', () => {
  const text = formatMarkdown(PLAN, { style: colours, columns: 80 });
  expect(text).toContain(`${colours.dim('##')} ${colours.bold('Phase 1')}`);
  expect(text).toContain(`${colours.good('✔')} Write the test ${colours.accent('tests/boat.test.ts')}`);
  expect(text).toContain(`Adds ${colours.bold('a command')}`);
  expect(text).toContain(colours.bad('-old **not bold**'));
});

test('without colour the markers of code and emphasis are kept', () => {
  expect(formatMarkdown(PLAN, { style: makeStyle(false), columns: 80 })).toContain('Adds **a command** that');
});

test('unclosed marks are shown as they are, however many there are', () => {
  const marks = '**a '.repeat(300_000);
  const shown = stripVTControlCharacters(formatMarkdown(marks, { style: colours, columns: 80 }));
  expect(shown.replaceAll('\n', ' ').trim()).toBe(marks.trim());
});

test('the lines of a patch have the colours of git', () => {
  const { bold, accent, good, bad } = colours;
  expect(diffColours('diff --git a/x b/x\n--- a/x\n@@ -1 +1 @@\n-a\n+b\n c', colours).split('\n')).toEqual([
    ...[bold('diff --git a/x b/x'), bold('--- a/x'), accent('@@ -1 +1 @@'), bad('-a'), good('+b'), ' c'],
  ]);
});

test.each([
  [{}, 'less'],
  [{ PAGER: 'more -s' }, 'more -s'],
  [{ SAMOCODE_PAGER: 'bat', PAGER: 'more' }, 'bat'],
  [{ PAGER: '' }, undefined],
  [{ PAGER: 'cat' }, undefined],
  [{ SAMOCODE_PAGER: '', PAGER: 'more' }, undefined],
  [{ TERM: 'dumb' }, undefined],
])('in the environment %j the pager is %s', (env, pager) => {
  expect(pagerOf(env)).toBe(pager);
});
