import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tokensOf } from '../../../../../src/extensions/pages/web/diff/colours/tokens-of.ts';
import { PAYLOADS } from '../report/payloads.ts';

/** Each line as its coloured parts, each with its kind. */
function partsOf(text: string, language: string): string[][] {
  const lines = text.split('\n');
  const tokens = tokensOf(text, language) ?? [];
  return tokens.map((line, at) =>
    line.map(([start, end, kind]) => `${kind} ${lines[at]?.slice(start, end)}`),
  );
}

test('the tokens of a line have their kinds', () => {
  expect(partsOf("const boat = 'ship'; // 1", 'ts')).toEqual([
    ['keyword const', "string 'ship'", 'comment // 1'],
  ]);
});

test('a comment or string of several lines is coloured in each of them', () => {
  expect(partsOf('/* a\n\nb */ let c = `d\ne`', 'js')).toEqual([
    ['comment /* a'],
    [],
    ['comment b */', 'keyword let', 'string `d'],
    ['string e`'],
  ]);
});

test('code inside a string is coloured as code', () => {
  const kinds = ['string `a ', 'number 1', 'string "c"', 'string  d`'];
  expect(partsOf(['`a $', '{b ? 1 : "c"} d`'].join(''), 'ts')).toEqual([kinds]);
});

test('a language inside another has its own colours', () => {
  expect(partsOf('<p>\n<script>const a = 1</script>', 'html')[1]).toContain('keyword const');
});

test.each([
  ...[
    'bash',
    'c',
    'cc',
    'cpp',
    'cs',
    'css',
    'cts',
    'go',
    'h',
    'hpp',
    'html',
    'ini',
    'java',
    'js',
    'json',
    'jsx',
    'kt',
  ],
  ...[
    'md',
    'mjs',
    'mts',
    'php',
    'py',
    'rb',
    'rs',
    'sh',
    'sql',
    'svg',
    'swift',
    'toml',
    'ts',
    'tsx',
    'xml',
    'yaml',
    'yml',
  ],
])('the ending %s is that of a known language', (ending) => {
  expect(tokensOf('a', ending)).toHaveLength(1);
});

test.each(['', 'txt', 'lock', 'constructor', '__proto__'])('the language %j is not known', (language) => {
  expect(tokensOf('const a = 1', language)).toBeUndefined();
});

test('the tokens of any text lie in its lines, in order, and never overlap', () => {
  const line = fc.oneof(
    fc.constantFrom(...PAYLOADS, '/*', '`$'.concat('{'), '"""', '<?php', '<style>'),
    fc.string(),
  );
  fc.assert(
    fc.property(
      fc.array(line),
      fc.constantFrom('ts', 'md', 'html', 'php', 'yml', 'py'),
      (lines, language) => {
        const text = lines.join('\n');
        const ends = text.split('\n').map(({ length }) => length);
        const found = tokensOf(text, language) ?? [];
        expect(found).toHaveLength(ends.length);
        for (const [at, tokens] of found.entries()) {
          const places = tokens.flatMap((token) => token.slice(0, 2).map(Number));
          expect(places).toEqual(places.toSorted((a, b) => a - b));
          expect(Math.max(0, ...places)).toBeLessThanOrEqual(ends[at] ?? 0);
        }
      },
    ),
  );
});
