import fc from 'fast-check';
import { expect, test } from 'vitest';
import { saidBy } from '../../../../src/core/kernel/said.ts';
import {
  agreedText,
  cleanText,
  cut,
  shownText,
  visibleControls,
  visibleInJson,
} from '../../../../src/core/kernel/text.ts';
import { inlineMaterial, material } from '../../../../src/core/session/documents/material.ts';
import {
  ANY_HIDDEN,
  HIDDEN_CHARACTERS,
  HIDING,
  inTags,
  JOINED_TEXTS,
} from '../../../support/hidden-characters.ts';

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

test.each([
  ['npm ci; npm test', 'npm ci; npm test'],
  [`npm ci${' '.repeat(40)}; rm x`, 'npm ci [40 blanks] ; rm x'],
  ['a\tb\u00a0c\u3000d', 'a\\u0009b\\u00a0c\\u3000d'],
  ['a\u001b[8mb\u202ec', 'a\\u001b[8mb\\u202ec'],
])('in text to agree to, %j is shown as %j', (text, shown) => {
  expect(agreedText(text)).toBe(shown);
});

test('every character that is displayed as nothing is shown as its escape', () => {
  expect(visibleControls(HIDING)).not.toMatch(ANY_HIDDEN);
  expect(visibleControls(HIDING).split(' ')).toHaveLength(HIDDEN_CHARACTERS.length);
  expect(visibleControls(`Plan${inTags('go')} \u200b\ufe0f`)).toBe('Plan\\u{e0067}\\u{e006f} \\u200b\\ufe0f');
});

test('whatever text it is in, no hidden character is left between letters', () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,3}$/);
  const text = fc
    .array(fc.oneof(fc.constantFrom(...HIDDEN_CHARACTERS), word, fc.constant('🏴')))
    .map((all) => all.join(''));
  fc.assert(
    fc.property(text, (hiding) => {
      // A variation selector or tags after a flag would be an emoji.
      expect(visibleControls(hiding.replaceAll('🏴', 'x'))).not.toMatch(ANY_HIDDEN);
      expect(visibleControls(hiding)).not.toMatch(/[\u{e0000}-\u{e01ef}]/u);
    }),
  );
});

test('text without hidden characters is unchanged', () => {
  const unit = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 1 })
    .filter((one) => !ANY_HIDDEN.test(one));
  fc.assert(
    fc.property(
      fc.string({ unit: fc.oneof(unit, fc.constantFrom('\n', '\t', '\r\n', '\\u200b')) }),
      (text) => {
        fc.pre(!/(?![\t\n\r])\p{Cc}|\r(?!\n)/u.test(text));
        expect(visibleControls(text)).toBe(text);
      },
    ),
  );
});

test.each(JOINED_TEXTS)('%s stays as it is', (_of, text) => {
  expect(visibleControls(text)).toBe(text);
  expect(visibleControls(`${text}${text}`)).toBe(`${text}${text}`);
});

test.each([
  ['after a flag that is none', `🏴${inTags('go')}\u{e007f}`],
  ['after a flag', `🏴${inTags('gbeng')}\u{e007f}${inTags('go')}`],
  ['as selectors after an emoji', '🙂\u{e0101}\u{e0102}'],
])('a sentence that hides %s is shown', (_where, text) => {
  expect(visibleControls(text)).not.toMatch(/[\u{e0000}-\u{e01ef}]$/u);
  expect(visibleControls(text)).toContain('\\u{e0');
});

test('of several selectors or joiners only the first belongs to the emoji or letter', () => {
  expect(visibleControls('❤\ufe0f\ufe0f\ufe0e ن\u200c\u200d\u200c')).toBe(
    '❤\ufe0f\\ufe0f\\ufe0e ن\u200c\\u200d\\u200c',
  );
});

test.each(['x\u061c\u200c', 'x\ufe0f\u200d', 'x\u180b\u200d', '\ufe0f\ufe0f\u200d'])(
  'a joiner after a hidden character is hidden too: %j',
  (text) => {
    expect(visibleControls(text)).not.toMatch(ANY_HIDDEN);
  },
);

test('a JSON text shows hidden characters too, and its value stays', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.oneof(fc.constantFrom(...HIDDEN_CHARACTERS), fc.string()) }), (text) => {
      expect(JSON.parse(visibleInJson(JSON.stringify({ text })))).toEqual({ text });
    }),
  );
  expect(visibleInJson(JSON.stringify(HIDING))).not.toMatch(ANY_HIDDEN);
});

test('a text for people has no terminal colours', () => {
  expect(shownText('\u001b[31mred\u001b[0m\r\nend\u0007')).toBe('red\nend\\u0007');
});

test('a text that was cut says so, and no character is cut in half', () => {
  expect(cut('boats', 5)).toBe('boats');
  expect(cut('boats!', 5)).toBe('boat…');
  expect(cut('boa⛵🚤🚤', 6)).toBe('boa⛵…');
});

test.each([
  ['quoted', material('boat 🚤', 6), '> boat\n\n(Shortened.)'],
  ['within a sentence', inlineMaterial('🚤'.repeat(200)), `\`${'🚤'.repeat(149)}…\``],
  ['said', saidBy(`a🚤${'b'.repeat(399)}`), `… ${'b'.repeat(399)}`],
])('of a text that is %s and cut, no half of a character is left', (_, shown, whole) => {
  expect(shown).toBe(whole);
});
