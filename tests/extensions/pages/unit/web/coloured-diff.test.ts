import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reviewedLines } from '../../../../../src/extensions/pages/review/review-session.act.ts';
import { tokensOf } from '../../../../../src/extensions/pages/web/diff/colours/tokens-of.ts';
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
