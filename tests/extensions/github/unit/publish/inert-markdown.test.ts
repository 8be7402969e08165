import fc from 'fast-check';
import { lexer, type Token, walkTokens } from 'marked';
import { expect, test } from 'vitest';
import { inertLine, inertQuote } from '../../../../../src/extensions/github/publish/inert-markdown.ts';

const ACTIVE = new Set(['html', 'link', 'image', 'table', 'def', 'checkbox']);

/** The parts of a text that a forge would act on. */
function activeIn(markdown: string): string[] {
  const found: string[] = [];
  walkTokens(lexer(markdown), (token: Token) => {
    if (ACTIVE.has(token.type) || ('task' in token && token.task)) found.push(token.raw);
    if (token.type === 'text' && !('tokens' in token && token.tokens) && MENTIONS.test(decoded(token.text)))
      found.push(token.raw);
  });
  return found;
}

const MENTIONS = /@\w|#\d|GH-\d|:\/\/|www\./i;

/** Decodes only the entities that could form a mention. */
function decoded(text: string): string {
  return text
    .replace(/&#(\d+);/g, (_, digits) => String.fromCodePoint(Math.min(Number(digits), 0x10ffff)))
    .replace(/&commat;/g, '@')
    .replace(/&num;/g, '#')
    .replaceAll('&amp;', '&');
}

test.each([
  ['Closes #12, fixes o/r#3 and GH-4', 'Closes #&#8203;12, fixes o/r#&#8203;3 and GH-&#8203;4'],
  ['ask @alice; see https://x.test/issues/1', 'ask @&#8203;alice; see https:&#8203;//x.test/issues/1'],
  ['</details><img src=x>', '&lt;/details>&lt;img src=x>'],
  ['[x](http://y) ![z](w)', '\\[x](http:&#8203;//y) !\\[z](w)'],
  ['run `npm test @a #1` and *see*', 'run `npm test @a #1` and *see*'],
  ['a ` b', 'a \\` b'],
  ['`a | b`', '\\`a \\| b\\`'],
  ['\\`@alice`', '\\\\`@alice`'],
  ['&#64;alice', '&amp;#&#8203;64;alice'],
  ['one\ntwo', 'one two'],
])('%j is rendered as inert text', (text, markdown) => {
  expect(inertLine(text)).toBe(markdown);
  expect(activeIn(inertLine(text))).toEqual([]);
});

const nasty = fc.constantFrom(
  ...[
    '`',
    '``',
    '```',
    '\n```\n',
    '\n~~~\n',
    '\n   ```\n',
    '- ',
    '1. ',
    '~~~',
    '\n',
    '\n\n',
    '> ',
    '- [ ] ',
    '    ',
    '# ',
    '---',
    '| a | b |',
    '| - | - |',
    '\n---:',
    '\n :-',
  ],
  ...['<details>', '</details>', '<!--', '-->', '<a href=x>', '@alice', '#12', 'GH-3', 'o/r#1', '&#64;bob'],
  ...[
    '&commat;bob',
    'https://github.com/o/r/issues/1',
    'www.x.test',
    '[a](b)',
    '![a](b)',
    '[a]: b',
    '\\',
    'x ',
    ' ',
  ],
);

test('text of several lines never escapes its quotation, and a forge acts on none of it', () => {
  const texts = fc.array(fc.oneof(nasty, fc.string()), { maxLength: 20 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(texts, (text) => {
      fc.pre(text.trim() !== '');
      const markdown = `${inertQuote(text)}\n\nAfter it`;
      expect(activeIn(markdown)).toEqual([]);
      expect(lexer(markdown).map(({ type }) => type)).toEqual(['blockquote', 'space', 'paragraph']);
    }),
    { numRuns: 5000 },
  );
});

test('the parts that the property searches for are found in text that is not made inert', () => {
  for (const text of [
    '@alice',
    'see #12',
    '[a](b)',
    '</details>',
    'https://x.test',
    '- [ ] a',
    '| a |\n| - |\n',
  ])
    expect(activeIn(text), text).not.toEqual([]);
});

test.each([
  [
    'Run:\n```sh\nnpm test @a # `x`\n```\nThen @b',
    '> Run:\n> ```\n> npm test @a # `x`\n> ```\n> Then @&#8203;b',
  ],
  ['~~~\n```\n~~~', '> ````\n> ```\n> ````'],
  ['1. a\n   ```\n@a\n   ```', '> 1. a\n> ```\n> @a\n> ```'],
  ['```\nnever closed @a', '> \\`\\`\\`\n> never closed @&#8203;a'],
  ['~~~\nnever closed @a', '> \\~\\~\\~\n> never closed @&#8203;a'],
])('only closed code blocks in %j stay code', (text, markdown) => {
  expect(inertQuote(text)).toBe(markdown);
  expect(activeIn(inertQuote(text))).toEqual([]);
});

test('lines keep their indentation, so lists stay lists', () => {
  expect(inertQuote('- a\r\n  - b\r\n')).toBe('> - a\n>   - b');
});
