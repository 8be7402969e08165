import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bold,
  linesOf,
  MAX_MESSAGE,
  shortened,
  splitAtLineEnds,
  toHtml,
  toPlain,
} from '../../../../src/acts/notify/telegram/message-text.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.string({ unit: fc.constantFrom('<', '>', '&', 'b', '/', '"', '\n', '😀', ' '), maxLength: 400 }),
);

/** Contains no half characters. */
const isWhole = (text: string) => Buffer.from(text).toString() === text;

test('the HTML of any text has no tags and reads like the text', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const html = toHtml(linesOf(text));
      expect(html).not.toMatch(/<(?!\/?b>)/);
      expect(html).not.toContain('<b>');
      const read = html.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
      expect(read).toBe(toPlain(linesOf(text)));
    }),
  );
});

test('split messages are short enough and contain every character in order, none of them halved', () => {
  fc.assert(
    fc.property(fc.array(anyText, { maxLength: 8 }), fc.integer({ min: 2, max: 60 }), (texts, max) => {
      const lines = texts.flatMap(linesOf);
      const messages = splitAtLineEnds(lines, max);
      for (const message of messages) {
        expect(toPlain(message).length).toBeLessThanOrEqual(max);
        expect(toPlain(message).trim()).not.toBe('');
        expect(isWhole(toPlain(message))).toBe(true);
      }
      const words = (all: string) => all.replace(/\s/gu, '');
      expect(words(messages.map(toPlain).join(''))).toBe(words(toPlain(lines)));
    }),
  );
});

test('a text is split at line ends if its lines are short enough', () => {
  const lines = Array.from({ length: 300 }, (_, at) => `line ${at} ${'x'.repeat(30)}`);
  const messages = splitAtLineEnds(linesOf(lines.join('\n')));
  expect(messages.length).toBe(3);
  expect(messages.flat().map(({ text }) => text)).toEqual(lines);
  expect(Math.max(...messages.map((message) => toPlain(message).length))).toBeLessThanOrEqual(MAX_MESSAGE);
});

test('bold text stays on one line, and its markup is closed in each message', () => {
  expect(toHtml([bold('a\n<b> & c')])).toBe('<b>a &lt;b&gt; &amp; c</b>');
  const [first = [], second = []] = splitAtLineEnds([bold('x'.repeat(5000))]);
  expect(toHtml(first)).toMatch(/^<b>x+<\/b>$/);
  expect(toHtml(second)).toMatch(/^<b>x+<\/b>$/);
});

test('shortened text has one line and no half of a character', () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 50 }), (text, max) => {
      const short = shortened(text, max);
      expect(short.length).toBeLessThanOrEqual(max);
      expect(short).not.toContain('\n');
      expect(isWhole(short)).toBe(true);
    }),
  );
});
