import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnsOf, cutToColumns, hanging } from '../../../../../src/core/faces/terminal/columns.ts';
import { phaseLine } from '../../../../../src/core/faces/terminal/progress-view.ts';
import { makeStyle } from '../../../../../src/core/faces/terminal/style.ts';
import { duration, stopwatch } from '../../../../../src/core/kernel/durations.ts';
import { PHASE_NAMES } from '../../../../../src/core/kernel/phases/table.ts';

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
