import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cursorOf, cursorOfSeveral, seenIn } from '../../../../src/core/caller/facts/cursor.ts';
import {
  commentsIn,
  commentsMessage,
  diffLines,
  documentLines,
} from '../../../../src/core/caller/facts/line-comments.ts';
import { planText, withoutWindows } from '../../../../src/core/caller/facts/plan-text.ts';
import { stampsAt } from '../../../../src/core/kernel/files/stamps.ts';
import { notePlanWindows } from '../../../../src/core/sandbox/plan-windows.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { anyText } from '../../properties/texts.ts';

const DIFF = `diff --git a/src/boats.ts b/src/boats.ts
index 1111111..2222222 100644
--- a/src/boats.ts
+++ b/src/boats.ts
@@ -1,4 +1,4 @@ export
 first

--- removed, like a header
+++ added, like a header
 last
@@ -20,0 +21 @@
+twenty-one
\\ No newline at end of file
diff --git a/old name.ts b/old name.ts
deleted file mode 100644
--- a/old name.ts\t
+++ /dev/null
@@ -1 +0,0 @@
-gone
diff --git a/a.png b/a.png
new file mode 100644
Binary files /dev/null and b/a.png differ
diff --git "a/\\303\\244.ts" b/c.ts
similarity index 100%
rename from \u00e4.ts
rename to c.ts
`;

test('each line of a diff has its place in the new file, and a removed line its place in the old file', () => {
  const { lines, places } = diffLines(DIFF.replace('\n\n', '\n \n'));
  const shown = lines.map((line, at) => {
    const { file, line: number = '', isOld } = places[at] ?? {};
    return `${file}:${number}${isOld ? ' old' : ''} ${line.slice(0, 12)}`;
  });
  expect(shown.filter((line) => !/diff|index|file|simil|renam|Binary/.test(line))).toEqual([
    'src/boats.ts: --- a/src/bo',
    'src/boats.ts: +++ b/src/bo',
    'src/boats.ts: @@ -1,4 +1,4',
    'src/boats.ts:1  first',
    'src/boats.ts:2  ',
    'src/boats.ts:3 old --- removed,',
    'src/boats.ts:3 +++ added, l',
    'src/boats.ts:4  last',
    'src/boats.ts: @@ -20,0 +21',
    'src/boats.ts:21 +twenty-one',
    'src/boats.ts:21 \\ No newline',
    'old name.ts: --- a/old na',
    'old name.ts: +++ /dev/nul',
    'old name.ts: @@ -1 +0,0 @',
    'old name.ts:1 old -gone',
  ]);
  expect(new Set(places.slice(-7).map((place) => place?.file))).toEqual(new Set(['a.png', 'c.ts']));
});

test('the blanks of the last line of a diff are part of it', () => {
  const { lines } = diffLines('diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1,2 @@\n-a \n+b\n+ \n');
  expect(lines.slice(-3)).toEqual(['-a ', '+b', '+ ']);
});

const PLAN = ['# Plan', '', '- one', '- two', '', '- two', '}'];

test.each([
  ['below a line', ['# Plan', '', '- one', 'Why?', '- two', '', '- two', '}'], [[2, 'Why?']]],
  [
    'with blank lines around',
    ['# Plan', '', '- one', '', 'Why?', '', '- two', '', '- two', '}'],
    [[2, 'Why?']],
  ],
  ['of two paragraphs', [...PLAN, '', 'Why?', '', 'Really.', ''], [[6, 'Why?\n\nReally.']]],
  ['above everything', ['All of it.', ...PLAN], [[-1, 'All of it.']]],
  [
    'below the second of two equal lines',
    ['# Plan', '- one', '- two', '- two', 'Twice?', '}'],
    [[5, 'Twice?']],
  ],
  ['after lines were deleted', ['# Plan', '- one', 'Short.', '}'], [[2, 'Short.']]],
  ['on a line that was changed', ['# Plan', '- one', '- 2', '- two', '}'], [[2, '- 2']]],
  [
    'that quotes a line',
    ['# Plan', '- one', 'Not', '- one', 'but', '- two', '- two', '}'],
    [[2, 'Not\n- one\nbut']],
  ],
  ['nowhere if only trailing spaces are gone', ['# Plan', '- one', '- two  ', '- two', '}', '', ''], []],
])('a comment is found %s', (_, edited, found) => {
  const comments = commentsIn(PLAN, edited.join('\r\n'));
  expect(comments.map(({ below, text }) => [below, text])).toEqual(found);
});

const line = fc
  .oneof(fc.constantFrom('', ' ', '+}', '-}', ' return a;', '@@ -1 +1 @@'), anyText)
  .map((text) => text.replace(/[\r\n]/g, ' '));

test('whatever the lines are, a comment below any of them is found with its place', () => {
  const pieces = fc.array(fc.tuple(line, fc.option(fc.nat(9))), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(pieces, (all) => {
      const shown = all.map(([text]) => text);
      const edited = all.flatMap(([text, mark], at) =>
        mark === null ? [text] : [text, '', `comment ${at} of mine`, `  - ${mark} of mine`, ''],
      );
      const filled = (at: number) => shown.slice(0, at + 1).findLastIndex((text) => text.trim() !== '');
      const expected = all.flatMap(([, mark], at) =>
        mark === null ? [] : [[filled(at), `comment ${at} of mine`]],
      );
      const found = commentsIn(shown, edited.join('\n')).flatMap(({ below, text }) =>
        text.split('\n').flatMap((each) => (each.startsWith('comment') ? [[below, each]] : [])),
      );
      expect(found).toEqual(expected);
    }),
  );
});

test('the message names the place and the line of each comment, and says which lines have changed', () => {
  const shown = documentLines('plan.md', 'one\ntwo\nthree\n');
  const comments = [0, 1, 2].map((below) => ({ below, text: `about ${below}` }));
  const now = documentLines('plan.md', 'zero\none\nthree, changed\ntwo\n');
  expect(commentsMessage(shown, [{ below: -1, text: 'All.' }, ...comments], now)).toEqual({
    message: [
      'All.\n',
      'plan.md:2\n> one\n\nabout 0\n',
      'plan.md:4\n> two\n\nabout 1\n',
      'plan.md:3 (this line has changed since)\n> three\n\nabout 2',
    ].join('\n'),
    stale: 1,
  });
  const removed = diffLines(DIFF);
  const at = removed.lines.indexOf('-gone');
  expect(commentsMessage(removed, [{ below: at, text: 'Keep it.' }], removed).message).toBe(
    'old name.ts:1 (removed line)\n> -gone\n\nKeep it.',
  );
});

const NOW = 1_795_790_000_000;
const HOUR = 3_600_000;

async function machine(settings = '') {
  const dir = await tempDir();
  await mkdir(join(dir.path, '.config/samocode'), { recursive: true });
  await writeFile(join(dir.path, '.config/samocode/.env'), settings);
  const clock = { now: () => NOW, monotonic: () => 0, sleep: async () => {} };
  return {
    home: dir.path,
    env: {},
    clock,
    note: (used: number, endsAt: number) =>
      notePlanWindows('claude', { dir: dir.path, env: {} }, [
        { window: '5h', used, endsAt, seenAt: NOW - 180_000, from: 'agent' },
      ]),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

test('the used part of a plan is shown with its end and its age, rounded down', async () => {
  await using here = await machine();
  await here.note(0.429, NOW + HOUR);
  const ends = stampsAt(NOW + HOUR).log;
  expect(await planText('claude', here)).toBe(`42 % of 5 hours, ends ${ends}, seen 3 min ago`);
});

test('a window that is over is unknown, which is said only where a part is kept', async () => {
  await using quiet = await machine();
  await using keeping = await machine('KEEP_5H=20%\n');
  for (const here of [quiet, keeping]) await here.note(0.42, NOW - HOUR);
  expect(await planText('claude', quiet)).toBeUndefined();
  expect(await planText('claude', keeping)).toContain('unknown');
});

test('an agent without windows is named where something should be kept', async () => {
  await using quiet = await machine('KEEP_5H=0\n');
  await using keeping = await machine('KEEP_7D=30%\n');
  expect(await withoutWindows(['claude', 'gemini'], quiet)).toEqual([]);
  expect(await withoutWindows(['claude', 'gemini'], keeping)).toEqual([
    'Gemini CLI: nothing is kept for you: this login has no window.',
  ]);
  expect(await planText('gemini', keeping)).toBe('nothing is kept for you: this login has no window');
});

const SEEN = fc.record({ n: fc.nat(), knowsStuck: fc.boolean() });
const SESSION = fc.record({ view: fc.record({ folder: fc.string({ minLength: 1 }) }) });

test('a cursor says of each of its sessions what its reader has seen, and nothing of others', () => {
  const sessions = fc.uniqueArray(fc.tuple(SESSION, SEEN), { selector: ([{ view }]) => view.folder });
  fc.assert(
    fc.property(sessions, (all) => {
      const cursor = cursorOfSeveral(all.map(([session, seen]) => ({ ...session, ...seen })));
      for (const [{ view }, seen] of all) {
        expect(seenIn(cursor, view.folder, false)).toEqual(seen);
        expect(seenIn(cursor, `${view.folder}/`, true)).toBeUndefined();
      }
    }),
  );
});

test('a cursor of one session counts where that is the only one that is waited for', () => {
  fc.assert(
    fc.property(SEEN, (seen) => {
      expect(seenIn(cursorOf(seen), 'boat', true)).toEqual(seen);
      expect(seenIn(cursorOf(seen), 'boat', false)).toBeUndefined();
    }),
  );
});

test.each([undefined, '', '-1', '1.5', '5!!', 'boat:5', '[object Object]', '9'.repeat(400)])(
  'a text that no result returned says nothing: %j',
  (text) => {
    expect(seenIn(text, 'boat', true)).toBeUndefined();
  },
);
