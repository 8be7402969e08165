import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitLine, harmless, makeStyle, wantsColour } from '../../../../../src/core/faces/terminal/style.ts';

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
