import fc from 'fast-check';
import { expect, test } from 'vitest';
import { html, link } from '../../../../../src/extensions/pages/html/html.ts';
import { markdown } from '../../../../../src/extensions/pages/html/markdown.ts';
import { sessionPage } from '../../../../../src/extensions/pages/report/page.ts';
import { ANY_HIDDEN, HIDING } from '../../../../support/hidden-characters.ts';
import { addressesIn, skeletonOf } from './page-skeleton.ts';
import { MARKDOWN_PAYLOADS, PAYLOADS } from './payloads.ts';
import { reportDataSample } from './report-data-sample.ts';

const HARMLESS = 'x';
const page = (also: string) => sessionPage(reportDataSample(also));
const expected = skeletonOf(page(HARMLESS));

test('the page of the sample has all of its sections', () => {
  const written = sessionPage(reportDataSample());
  for (const id of ['timeline', 'questions', 'plan', 'checks', 'pictures', 'iterations', 'documents', 'acts'])
    expect(written).toContain(`<section id="${id}">`);
});

test('no text creates another tag or attribute on the page of a session', () => {
  expect(expected.stray).toEqual([]);
  for (const payload of PAYLOADS) expect([payload, skeletonOf(page(payload))]).toEqual([payload, expected]);
});

test('the tags of the page are the same for any text that an agent writes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (also) => {
      expect(skeletonOf(page(`${also}<b>"'`))).toEqual(expected);
    }),
    { numRuns: 20 },
  );
});

test('no character that hides text is on the page of a session', () => {
  expect(page(HIDING)).not.toMatch(ANY_HIDDEN);
  expect(page(HIDING)).toContain('a\\u{e0041}b');
});

test('no inserted value produces a tag or ends an attribute', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(html`${text}`.text).not.toMatch(/[<>"]/);
    }),
  );
});

/** The tags that Markdown may produce, with the only attributes that each may have. */
const MARKDOWN_TAG =
  /^(?:\/?(?:div|p|pre|code|blockquote|ul|ol|li|table|tr|th|td|strong|em|s|b|span|a)|hr|br)(?: (?:class|dir|title|start|href|rel|tabindex|target))*$/;

function expectPlain(written: string): void {
  const { tags, stray } = skeletonOf(written);
  expect(stray).toEqual([]);
  expect(tags.filter((tag) => !MARKDOWN_TAG.test(tag))).toEqual([]);
  expect(addressesIn(written).filter((address) => !/^https?:\/\//.test(address))).toEqual([]);
}

test.each(MARKDOWN_PAYLOADS)('%j in Markdown produces only the tags of Markdown', (payload) => {
  expectPlain(markdown(payload).text);
});

test('any Markdown produces only the tags of Markdown', () => {
  const bits = [
    '[',
    '](',
    ')',
    '<',
    '>',
    '`',
    '```\n',
    '"',
    "'",
    '&',
    '*',
    '_',
    '~~',
    '\n',
    '- [x] ',
    '| ',
    '> ',
    '# ',
    'javascript:',
    'https://a.b',
    '\\',
    ' ',
    'x',
    '!',
  ];
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom(...bits), fc.string({ maxLength: 4 })), { maxLength: 40 }),
      (parts) => {
        expectPlain(markdown(parts.join('')).text);
      },
    ),
    { numRuns: 1000 },
  );
});

test.each([
  ['nested quotes', '>'.repeat(20_000)],
  ['nested lists', Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth * 2)}- x`).join('\n')],
  ['one very long paragraph', '_a'.repeat(50_000)],
  ['a long file', 'word '.repeat(30_000)],
])('Markdown that is slow to render is shown unrendered: %s', (_name, text) => {
  const written = markdown(text).text;
  expectPlain(written);
  expect(written).toContain('<pre');
});

test.each([
  'javascript:alert(1)',
  ' javascript:alert(1)',
  'JAVASCRIPT:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,x',
  'file:///etc/passwd',
  '//evil.example/x',
  '/etc/passwd',
  'x',
  '',
])('%j does not become a link', (address) => {
  expect(addressesIn(link(address, 'words').text)).toEqual([]);
});

test('a link to the web sends no referrer', () => {
  expect(link('https://a.example/?q="x"', 'words').text).toBe(
    '<a href="https://a.example/?q=%22x%22" rel="noopener noreferrer" target="_blank">words</a>',
  );
});

test('bidirectional control characters are shown, terminal colours are removed', () => {
  expect(html`${'a\u202eb \u001b[31mred\u001b[0m\r\nend'}`.text).toBe('a\\u202eb red\nend');
});
