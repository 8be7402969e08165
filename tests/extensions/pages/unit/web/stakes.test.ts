import { expect, test } from 'vitest';
import { html } from '../../../../../src/extensions/pages/html/html.ts';
import { colouredDiff } from '../../../../../src/extensions/pages/html/iterations.ts';
import { stakesPart } from '../../../../../src/extensions/pages/web/acts/gate-part.ts';

test('the head of a decision is one line, in which what nobody must overlook is bold', () => {
  const { text } = stakesPart([{ text: '9 phases' }, { text: 'agents <without> a guard', isGrave: true }]);
  expect(text.trim()).toBe(
    '<p class="note">9 phases · <strong class="attention">agents &lt;without&gt; a guard</strong></p>',
  );
  expect(stakesPart([]).text.trim()).toBe('');
});

test('a change to tests is shown in colours, below what its check said, and without lines of hashes', () => {
  const diff =
    '$ npm test\n- 0 tests\n\ndiff --git a/x.js b/x.js\nindex 1a2b..3c4d 100644\n@@ -1 +1 @@\n-test(1)\n+skip(1)\n';
  const { text } = html`${colouredDiff(diff)}`;
  expect(text).toMatch(/^\$ npm test\n- 0 tests\n/);
  expect(text).toContain('<del>-test(1)\n</del><ins>+skip(1)\n</ins>');
  expect(text).not.toContain('1a2b');
  expect(html`${colouredDiff('no diff')}`.text).toBe('no diff');
});
