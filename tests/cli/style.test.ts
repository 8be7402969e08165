import fc from 'fast-check';
import { expect, test } from 'vitest';
import { harmless, makeStyle, oneLine, wantsColour } from '../../src/cli/style.ts';

test('nothing that steers a terminal survives in quoted text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject
      expect(harmless(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
    }),
  );
});

test('a colour and a title sequence are taken out whole', () => {
  expect(harmless('\u001b[31mred\u001b[0m \u001b]0;title\u0007end')).toBe('red end');
});

test('one line stays one line, and within its length', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 2, max: 80 }), (text, max) => {
      const line = oneLine(text, max);
      expect(line).not.toContain('\n');
      expect(line.length).toBeLessThanOrEqual(max);
    }),
  );
});

test.each([
  [{ isTerminal: true, asked: true, env: {} }, true],
  [{ isTerminal: true, asked: true, env: { NO_COLOR: '1' } }, false],
  [{ isTerminal: true, asked: true, env: { NO_COLOR: '' } }, true],
  [{ isTerminal: true, asked: true, env: { TERM: 'dumb' } }, false],
  [{ isTerminal: true, asked: false, env: {} }, false],
  [{ isTerminal: false, asked: true, env: {} }, false],
])('colour for %o: %s', (wishes, wanted) => {
  expect(wantsColour(wishes)).toBe(wanted);
});

test('a plain style changes nothing', () => {
  expect(makeStyle(false).bad('text')).toBe('text');
  expect(makeStyle(true).bad('text')).toBe('\u001b[31mtext\u001b[39m');
});
