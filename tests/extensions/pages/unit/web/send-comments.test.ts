import { expect, test } from 'vitest';
import { commentsMessage } from '../../../../../src/core/caller/facts/line-comments.ts';
import { reviewedLines } from '../../../../../src/extensions/pages/review/review-session.act.ts';
import { asSeen } from '../../../../../src/extensions/pages/web/acts/send-comments.ts';

const DIFF = `diff --git a/a.ts b/a.ts
--- a/a.ts
+++ b/a.ts
@@ -1,3 +1,3 @@
 same
-old
+new
 after
`;

function messageOf(quote: string, line: number, now = DIFF) {
  const { comments, ...seen } = asSeen([{ file: 'a.ts', line, quote, text: 'Why?' }]);
  return commentsMessage(seen, comments, reviewedLines(now));
}

test.each([
  ['a new line', '+new', 2, 'a.ts:2\n> +new\n\nWhy?'],
  ['a removed line', '-old', -2, 'a.ts:2 (removed line)\n> -old\n\nWhy?'],
  ['a line that stays', ' same', 1, 'a.ts:1\n>  same\n\nWhy?'],
])('a comment on %s names its place', (_name, quote, line, message) => {
  expect(messageOf(quote, line)).toEqual({ message, stale: 0 });
});

test('a line that has moved meanwhile is named by its new place', () => {
  const now = DIFF.replace('-1,3 +1,3', '-7,3 +9,3');
  expect(messageOf('+new', 2, now)).toEqual({ message: 'a.ts:10\n> +new\n\nWhy?', stale: 0 });
});

test('a line that has changed meanwhile is quoted as the person saw it', () => {
  const message = 'a.ts:2 (this line has changed since)\n> +new\n\nWhy?';
  expect(messageOf('+new', 2, DIFF.replace('+new', '+newer'))).toEqual({ message, stale: 1 });
});

test('comments are sent in the order of files and lines', () => {
  const of = (file: string, line: number) => ({ file, line, quote: '+x', text: `${file}${line}` });
  const { comments } = asSeen([of('b', 1), of('a', 12), of('a', -3), of('a', 2)]);
  expect(comments.map(({ text }) => text)).toEqual(['a2', 'a-3', 'a12', 'b1']);
});
