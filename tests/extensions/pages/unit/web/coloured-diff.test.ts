import fc from 'fast-check';
import { expect, test } from 'vitest';
import PAGE from '../../../../../src/extensions/pages/html/page.css';
import { reviewedLines } from '../../../../../src/extensions/pages/review/review-session.act.ts';
import DIFF from '../../../../../src/extensions/pages/web/client/diff.css';
import { TOKEN_KINDS, tokensOf } from '../../../../../src/extensions/pages/web/diff/colours/tokens-of.ts';
import { coloursOf, diffTable } from '../../../../../src/extensions/pages/web/diff/diff-table.ts';
import { HIDING, JOINED_TEXTS } from '../../../../support/hidden-characters.ts';
import { PAYLOADS } from '../report/payloads.ts';

const VIEWS = [
  ['unified', { isSide: false }],
  ['side by side', { isSide: true }],
] as const;

/** Colours in this process, as the thread does. */
const here = {
  tokensOf: async (file: string, texts: readonly string[]) =>
    texts.map((text) => tokensOf(text, file.split('.').at(-1) ?? '')),
};

function hunkOf(olds: readonly string[], news: readonly string[], start = 1): string[] {
  const changed = [...olds.map((line) => `-${line}`), ...news.map((line) => `+${line}`)];
  return [`@@ -${start},${olds.length} +${start},${news.length} @@`, ...changed];
}

const diffOf = (hunks: readonly string[], name = 'a.ts') => ({
  name,
  ...reviewedLines(['diff --git a/a b/a', ...hunks].join('\n')),
  isTooLong: false,
});

async function tableOf(diff: ReturnType<typeof diffOf>, view: { isSide: boolean }): Promise<string> {
  return diffTable(diff, { ...view, colours: await coloursOf(diff, here) }).text;
}

test.each(VIEWS)(
  '%s, a line has its tokens in colours, below the marks of what differs',
  async (_name, view) => {
    const table = await tableOf(diffOf(hunkOf(['let boat = 1;'], ["let ship = 'x';"])), view);
    const keyword = '<span class="t-keyword">let</span>';
    expect(table).toContain(`-${keyword} <del>boat = <span class="t-number">1</span></del>;`);
    expect(table).toContain(`+${keyword} <ins>ship = <span class="t-string">'x'</span></ins>;`);
  },
);

test.each(VIEWS)('%s, each side is coloured as the code that it was', async (_name, view) => {
  const table = await tableOf(diffOf(hunkOf(['/* a', 'b'], ['a', 'b */ let c'])), view);
  expect(table).toContain('>-<span class="t-comment">b</span><');
  expect(table).toContain('>+b<ins> */ <span class="t-keyword">let</span> c</ins><');
});

test.each(VIEWS)(
  '%s, a comment that does not end in a hunk colours nothing of the next one',
  async (_name, view) => {
    const table = await tableOf(diffOf([...hunkOf([], ['/* a']), ...hunkOf([], ['let b'], 90)]), view);
    expect(table).toContain('<span class="t-keyword">let</span> b');
  },
);

test.each(VIEWS)(
  '%s, a table in colours is the plain one with the colours around its text',
  async (_name, view) => {
    const joined = JOINED_TEXTS.map(([, text]) => text);
    const odd = [
      ...PAYLOADS,
      ...joined,
      HIDING,
      '',
      '\tx',
      'x \\ No newline at end of file = 1',
      '/*',
      '"a',
      'a\rb',
    ];
    const line = fc.oneof(fc.constantFrom(...odd), fc.string({ unit: 'binary' }));
    const lines = fc.array(
      line.map((text) => text.replaceAll('\n', ' ')),
      { maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(
        lines,
        lines,
        fc.constantFrom('a.ts', 'a.html', 'a.md', 'a.yml'),
        async (olds, news, name) => {
          const diff = diffOf(hunkOf(olds, news), name);
          const coloured = await tableOf(diff, view);
          expect(coloured.replace(/<span class="t-[a-z]+">|<\/span>/g, '')).toBe(
            diffTable(diff, { ...view, colours: new Map() }).text,
          );
        },
      ),
      { numRuns: 50 },
    );
  },
);

type Colour = readonly [red: number, green: number, blue: number];

/** The colours that the style sheets name, in a scheme: of the page, and of tokens. */
function coloursIn(scheme: 'light' | 'dark'): (name: string) => Colour {
  return (name) => {
    const token = `(?:--${name}: |\\.${name} \\{\\s*color: )`;
    const both = new RegExp(`${token}light-dark\\((\\S+), (\\S+)\\);`).exec(`${PAGE}\n${DIFF}`);
    const hex = (both?.[scheme === 'dark' ? 2 : 1] ?? '').slice(1);
    const digits = hex.length === 3 ? [...hex].flatMap((digit) => [digit, digit]).join('') : hex;
    const [red = Number.NaN, green = Number.NaN, blue = Number.NaN] = [0, 2, 4].map((at) =>
      Number.parseInt(digits.slice(at, at + 2), 16),
    );
    return [red, green, blue];
  };
}

/** Of the colour over another, by the share that the style sheet gives to the marks of what differs. */
function marked([red, green, blue]: Colour, below: Colour): Colour {
  const [, percent] = /ins \{\s*background: color-mix\(in srgb, var\(--good\) (\d+)%/.exec(DIFF) ?? [];
  const over = (one: number, other: number) =>
    (one * Number(percent) + other * (100 - Number(percent))) / 100;
  return [over(red, below[0]), over(green, below[1]), over(blue, below[2])];
}

/** The relative luminance and the contrast of WCAG. */
function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: Colour, other: Colour): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

test.each(['light', 'dark'] as const)(
  '%s, each colour of a token is readable on each background',
  (scheme) => {
    const of = coloursIn(scheme);
    const backgrounds = {
      unchanged: of('card'),
      added: of('good-bg'),
      removed: of('bad-bg'),
      'marked as added': marked(of('good'), of('good-bg')),
      'marked as removed': marked(of('bad'), of('bad-bg')),
    };
    const rows = Object.keys(TOKEN_KINDS).flatMap((kind) =>
      Object.entries(backgrounds).map(([name, background]) => ({
        pair: `${kind}, ${name}`,
        contrast: contrast(of(`t-${kind}`), background),
      })),
    );
    expect(rows.filter((row) => !(row.contrast >= 4.5))).toEqual([]);
  },
);
