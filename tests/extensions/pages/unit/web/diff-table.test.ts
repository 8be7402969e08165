import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reviewedLines } from '../../../../../src/extensions/pages/review/review-session.act.ts';
import { diffTable, fileDiff } from '../../../../../src/extensions/pages/web/diff/diff-table.ts';
import { ANY_HIDDEN, HIDING } from '../../../../support/hidden-characters.ts';
import { skeletonOf } from '../report/page-skeleton.ts';
import { PAYLOADS } from '../report/payloads.ts';

const VIEWS = [
  ['unified', { isSide: false }],
  ['side by side', { isSide: true }],
] as const;

/** As git writes it: two lines replaced by three, between lines that stay. */
function patchOf(olds: readonly string[], news: readonly string[], name = 'src/a.ts'): string {
  const counts = `-10,${olds.length + 2} +10,${news.length + 2}`;
  const changed = [...olds.map((line) => `-${line}`), ...news.map((line) => `+${line}`)];
  const body = [' before', ...changed, ' after'];
  return [
    ...[`diff --git a/${name} b/${name}`, 'index 1..2 100644', `--- a/${name}`, `+++ b/${name}`],
    ...[`@@ ${counts} @@ function`, ...body, ''],
  ].join('\n');
}

function tableOf(text: string, view: { isSide: boolean }): string {
  const diff = fileDiff({ text, truncated: false }, 0);
  return diff === undefined ? '' : diffTable(diff, { ...view, colours: new Map() }).text;
}

function plain(markup: string): string {
  const signs: Record<string, string> = { lt: '<', gt: '>', quot: '"', '#x27': "'", '#x2F': '/', amp: '&' };
  return markup.replace(/<[^>]*>/g, '').replace(/&([^;]+);/g, (_all, name: string) => signs[name] ?? '?');
}

/** The number of each line that can be commented on, below zero for a removed one, and its text. */
function commentable(table: string): [number, string][] {
  const found = table.matchAll(
    /<button [^>]*data-line="(-?\d+)"[^>]*>\d+<\/button><\/td>(?:<td class="at"><\/td>)?<td class="code[^"]*">(.*?)<\/td>/gs,
  );
  return [...found].map(([, line, code = '']) => [Number(line), plain(code)]);
}

test.each(VIEWS)('%s, every line that is there has one button, and its text', (_name, view) => {
  const table = tableOf(patchOf(['one', 'two'], ['one!', 'two', 'three']), view);
  expect(commentable(table).toSorted(([a], [b]) => a - b)).toEqual([
    [-12, '-two'],
    [-11, '-one'],
    [10, ' before'],
    [11, '+one!'],
    [12, '+two'],
    [13, '+three'],
    [14, ' after'],
  ]);
});

test.each(VIEWS)('%s, the words that differ are marked', (_name, view) => {
  const table = tableOf(patchOf(['const boat = 1;'], ['const ship = 1;']), view);
  expect(table).toContain('<del>boat</del>');
  expect(table).toContain('<ins>ship</ins>');
});

test.each([
  ['whole words', 'let boat1 = a', 'let boat2 = a', 'let <del>boat1</del> = a', 'let <ins>boat2</ins> = a'],
  [
    'from the first that differs to the last',
    'a b c d',
    'a B c D',
    'a <del>b c d</del>',
    'a <ins>B c D</ins>',
  ],
  ['only on the side that has more', 'f(a)', 'f(a, b)', 'f(a)', 'f(a<ins>, b</ins>)'],
  ['a repetition once', 'x x', 'x x x', 'x x', 'x x<ins> x</ins>'],
  [
    'no half of a character',
    'say \u{1f600}',
    'say \u{1f601}',
    'say <del>\u{1f600}</del>',
    'say <ins>\u{1f601}</ins>',
  ],
])('the marks of a pair of lines: %s', (_name, old, now, removed, added) => {
  const table = tableOf(patchOf([old], [now]), { isSide: true });
  expect(table).toContain(`>-${removed}</td>`);
  expect(table).toContain(`>+${added}</td>`);
});

test.each([
  ['side by side, each beside the one that it replaces', true, ['-one | +1', '-two | +2', ' | +3']],
  ['unified, the removed lines before the added ones', false, ['-one', '-two', '+1', '+2', '+3']],
])('a block of changed lines, %s', (_name, isSide, expected) => {
  const table = tableOf(patchOf(['one', 'two'], ['1', '2', '3']), { isSide });
  const rows = table.split('<tr').slice(3, -1);
  const code = (row: string) =>
    [...row.matchAll(/<td class="code[^"]*">(.*?)<\/td>/g)].map(([, text = '']) => plain(text));
  expect(rows.map((row) => code(row).join(' | '))).toEqual(expected);
});

const commentedLine = fc.stringMatching(/^[^\n\r]{0,30}$/);

test.each(VIEWS)('%s, a comment on any line finds it among the reviewed lines', (_name, view) => {
  const lines = fc.array(fc.oneof(commentedLine, fc.constantFrom(...PAYLOADS, HIDING, '', '\tx', ' ')), {
    maxLength: 5,
  });
  fc.assert(
    fc.property(lines, lines, (olds, news) => {
      const text = patchOf(olds, news);
      const review = reviewedLines(text);
      const known = review.places.flatMap((place, at) =>
        place?.line === undefined ? [] : [[place.isOld ? -place.line : place.line, review.lines[at]]],
      );
      const order = ([a]: unknown[], [b]: unknown[]) => Number(a) - Number(b);
      expect(commentable(tableOf(text, view)).toSorted(order)).toEqual(known.toSorted(order));
    }),
    { numRuns: 60 },
  );
});

test.each(VIEWS)('%s, no line creates another tag or attribute', (_name, view) => {
  const of = (text: string) => skeletonOf(tableOf(patchOf([`old ${text}`], [text, `${text}${text}`]), view));
  const known = new Set(of('x').tags);
  for (const payload of PAYLOADS) {
    const { tags, stray } = of(payload);
    expect([payload, stray]).toEqual([payload, []]);
    expect([payload, tags.filter((tag) => !known.has(tag) && !/^\/?(?:ins|del)$/.test(tag))]).toEqual([
      payload,
      [],
    ]);
  }
});

test.each(VIEWS)('%s, no name of a file creates another tag or attribute', (_name, view) => {
  const expected = skeletonOf(tableOf(patchOf(['a'], ['b'], 'x'), view));
  for (const payload of PAYLOADS) {
    const name = payload.replaceAll('\n', ' ');
    expect([name, skeletonOf(tableOf(patchOf(['a'], ['b'], name), view))]).toEqual([name, expected]);
  }
});

test.each(VIEWS)('%s, characters that hide text are shown', (_name, view) => {
  const table = tableOf(patchOf([HIDING], [`${HIDING} x`]), view);
  expect(table).not.toMatch(ANY_HIDDEN);
  expect(plain(table)).toContain('a\\u202eb');
});

test.each(VIEWS)('%s, a carriage return begins no line, and hides none', (_name, view) => {
  const table = tableOf(patchOf(['a\r'], ['rm -rf / \r# harmless', 'end\r']), view);
  expect(commentable(table)).toContainEqual([11, '+rm -rf / \\u000d# harmless']);
  expect(commentable(table)).toContainEqual([12, '+end']);
});

test.each(VIEWS)('%s, what looks like a mark of git is a line of code', (_name, view) => {
  const odd = ['-- a/x', 'x \\ No newline at end of file', '@@ -1 +1 @@', 'diff --git a/x b/x'];
  const table = tableOf(patchOf(odd, ['++ b/y', ...odd]), view);
  expect(commentable(table).map(([, text]) => text)).toEqual(
    expect.arrayContaining([...odd.map((line) => `+${line}`), ...odd.map((line) => `-${line}`), '+++ b/y']),
  );
});

test.each([
  ['unified', { isSide: false }, ['at', 'at', '']],
  ['side by side', { isSide: true }, ['at', '', 'at', '']],
])('the columns have their widths whatever the first row is, %s', (_, view, classes) => {
  const [, columns = ''] = /<colgroup>(.*?)<\/colgroup>/s.exec(tableOf(patchOf(['a'], ['b']), view)) ?? [];
  expect([...columns.matchAll(/<col(?: class="(\w+)")?>/g)].map(([, name = '']) => name)).toEqual(classes);
});

test('the diff of a file is found by its place, whatever its name looks like', () => {
  const text = patchOf(['a'], ['b'], 'first') + patchOf(['c'], ['diff --git a/x b/x'], 'second');
  expect(fileDiff({ text, truncated: false }, 1)).toMatchObject({ name: 'second', isTooLong: false });
  expect(fileDiff({ text, truncated: false }, 2)).toBeUndefined();
});

test('a file of more than 2,000 lines is too long, and so is one that the bound has cut', () => {
  const many = Array.from({ length: 1995 }, (_, at) => `line ${at}`);
  const isTooLong = (text: string, truncated = false) => fileDiff({ text, truncated }, 0)?.isTooLong;
  expect(isTooLong(patchOf([], many.slice(0, 1993)))).toBe(false);
  expect(isTooLong(patchOf([], many))).toBe(true);
  expect(isTooLong(patchOf([], ['x'.repeat(400_000)]))).toBe(true);
  expect(isTooLong(patchOf([], ['x']), true)).toBe(true);
});

test('a change without lines says what git says', () => {
  const text = 'diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n';
  expect(tableOf(text, { isSide: false })).toBe('<pre dir="ltr">old mode 100644\nnew mode 100755</pre>');
});

test('in long lines, nothing is marked', () => {
  const table = (of: string) => tableOf(patchOf([`a ${of}`], [`b ${of}`]), { isSide: true });
  expect(table('x'.repeat(190))).toContain('<ins>b</ins>');
  expect(table('x'.repeat(210))).not.toContain('<ins>');
});

test('of a file that has become a link, its removal and where the link leads are shown', () => {
  const head = 'diff --git a/a.ts b/a.ts\n';
  const text = [
    `${head}deleted file mode 100644\nindex 1..0\n--- a/a.ts\n+++ /dev/null\n@@ -1 +0,0 @@\n-boats\n`,
    `${head}new file mode 120000\nindex 0..2\n--- /dev/null\n+++ b/a.ts\n@@ -0,0 +1 @@\n+/etc/harbour\n\\ No newline at end of file\n`,
    patchOf(['old'], ['new'], 'b.ts'),
  ].join('');
  for (const [, view] of VIEWS) {
    const table = plain(tableOf(text, view));
    expect(table).toContain('-boats');
    expect(table).toContain('+/etc/harbour');
    expect(table).not.toContain('b.ts');
  }
});
