import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bold,
  MAX_MESSAGE,
  safeLines,
  shortened,
  splitAtLineEnds,
  toHtml,
  toPlain,
  WORD_JOINER,
} from '../../../../../src/extensions/notify/telegram/message-text.ts';
import { ANY_HIDDEN, HIDING, JOINED_TEXTS } from '../../../../support/hidden-characters.ts';
import { linksIn } from './telegram-links.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.string({ unit: fc.constantFrom('<', '>', '&', 'b', '/', '"', '\n', '😀', ' '), maxLength: 400 }),
);

/** Whether a text contains no half of a surrogate pair. */
const isWhole = (text: string) => Buffer.from(text).toString() === text;

test('the HTML of any text has no tags and reads like the text', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const html = toHtml(safeLines(text));
      expect(html).not.toMatch(/<(?!\/?b>)/);
      expect(html).not.toContain('<b>');
      const read = html.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
      expect(read).toBe(toPlain(safeLines(text)));
    }),
  );
});

test('split messages are short enough and contain every character in order, none of them halved', () => {
  fc.assert(
    fc.property(fc.array(anyText, { maxLength: 8 }), fc.integer({ min: 2, max: 60 }), (texts, max) => {
      const lines = texts.flatMap(safeLines);
      const messages = splitAtLineEnds(lines, max);
      for (const message of messages) {
        expect(toPlain(message).length).toBeLessThanOrEqual(max);
        expect(toPlain(message).trim()).not.toBe('');
        expect(isWhole(toPlain(message))).toBe(true);
      }
      const words = (all: string) => all.replace(/\s/gu, '').replaceAll(WORD_JOINER, '');
      expect(words(messages.map(toPlain).join(''))).toBe(words(toPlain(lines)));
    }),
  );
});

test('a text is split at line ends if its lines are short enough', () => {
  const lines = Array.from({ length: 300 }, (_, at) => `line ${at} ${'x'.repeat(30)}`);
  const messages = splitAtLineEnds(safeLines(lines.join('\n')));
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

test('shortened text has one line and no half of a surrogate pair', () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 50 }), (text, max) => {
      const short = shortened(text, max);
      expect(short.length).toBeLessThanOrEqual(max);
      expect(short).not.toContain('\n');
      expect(isWhole(short)).toBe(true);
    }),
  );
});

/** The text as a phone shows it: the joiner is invisible. */
const readOn = (lines: ReturnType<typeof safeLines>) => toPlain(lines).replaceAll(WORD_JOINER, '');

const LINKS = [
  ...['/stop', '(/stop now)', '"/resume@a_bot"', 'x\n/stop', '-/stop.', '/stop, then'],
  ...[
    '@ada_l',
    'a @ada_l.',
    '#hash',
    '#·hash',
    '$PATH',
    '$1INCH',
    'me@boats.example.com',
    'mailto:me@boats.com',
  ],
  ...[
    'https://boats.example/a.b?c#d',
    'HTTP://u:p@boats.com:80/',
    'http://10.0.0.1/x',
    'ftp://a.bc',
    'tg://resolve?domain=x',
    'ton://x',
  ],
  ...[
    'boats.com',
    'see boats.com/a',
    'README.md',
    '10.0.0.1',
    '1.10.0.0.255',
    '/tmp/boats.com,evil.com',
    '/plan.md',
    '~/plan.md',
    './a.sh/b',
    '中.boats.com',
  ],
];

test.each(LINKS)('Telegram makes a link of %j, but not of the text that is sent', (text) => {
  expect(linksIn(text)).not.toEqual([]);
  expect(linksIn(toPlain(safeLines(text)))).toEqual([]);
  expect(linksIn(toPlain([bold(text)]))).toEqual([]);
  expect(readOn(safeLines(text))).toBe(text);
});

const bits = fc.constantFrom(
  ...[
    '/',
    '//',
    ':',
    '.',
    '@',
    '#',
    '$',
    '<',
    '>',
    ' ',
    '\n',
    '-',
    '_',
    '~',
    '?',
    ',',
    '"',
    '(',
    ')',
    '«',
    '·',
    'é',
  ],
  ...[
    'stop',
    'evil',
    'com',
    'md',
    'ada',
    'https',
    'tg',
    'A',
    'PATH',
    '1',
    '10',
    '255',
    '中',
    '👩‍👧',
    '\u200d',
  ],
);
const linkish = fc.string({ unit: bits, maxLength: 60 });

test('text by others contains no link, however it is written and wherever it is split', () => {
  fc.assert(
    fc.property(linkish, fc.integer({ min: 2, max: 20 }), (text, max) => {
      expect(linksIn(toPlain(safeLines(text)))).toEqual([]);
      for (const message of splitAtLineEnds(safeLines(text), max))
        expect(linksIn(toPlain(message))).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  '/home/me/boats/plan-v1.2.md',
  'src/acts/index.html',
  'samocode/boat-names',
  '3 / 4',
  'a. b',
  'and so on...',
  '$0.00 of $1.50',
  'v1.2.3',
])('%s is sent unchanged, so that it can be copied', (text) => {
  expect(toPlain(safeLines(text))).toBe(text);
  expect(linksIn(text)).toEqual([]);
});

test.each(JOINED_TEXTS)('%s is sent unchanged', (_of, text) => {
  expect(toPlain(safeLines(text))).toBe(text);
});

test('no hidden character of a text is sent, in a message or on a button', () => {
  expect(toPlain(safeLines(HIDING))).not.toMatch(ANY_HIDDEN);
  expect(shortened(HIDING, 10_000)).not.toMatch(ANY_HIDDEN);
});
