import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { diffColours, formatMarkdown } from '../../../../../src/core/faces/terminal/markdown.ts';
import { pagerOf } from '../../../../../src/core/faces/terminal/pager.ts';
import { makeStyle } from '../../../../../src/core/faces/terminal/style.ts';
import { PLAN } from './plan-sample.ts';

const colours = makeStyle(true);

test('Markdown in a pipe is unchanged except for terminal control sequences', () => {
  const columns = Number.POSITIVE_INFINITY;
  expect(formatMarkdown(`\u001b[2J${PLAN}`, { style: makeStyle(false), columns })).toBe(PLAN.trimEnd());
});

test('headings, code and ticks are coloured, and the content of a fence is kept', () => {
  const text = formatMarkdown(PLAN, { style: colours, columns: 80 });
  expect(text).toContain(`${colours.dim('##')} ${colours.bold('Phase 1')}`);
  expect(text).toContain(`${colours.good('✔')} Write the test ${colours.accent('tests/boat.test.ts')}`);
  expect(text).toContain(`Adds ${colours.bold('a command')}`);
  expect(text).toContain(colours.bad('-old **not bold**'));
});

test('without colour the markers of code and emphasis are kept', () => {
  expect(formatMarkdown(PLAN, { style: makeStyle(false), columns: 80 })).toContain('Adds **a command** that');
});

test('unclosed marks are shown as they are, however many there are', () => {
  const marks = '**a '.repeat(300_000);
  const shown = stripVTControlCharacters(formatMarkdown(marks, { style: colours, columns: 80 }));
  expect(shown.replaceAll('\n', ' ').trim()).toBe(marks.trim());
});

test('the lines of a patch have the colours of git', () => {
  const { bold, accent, good, bad } = colours;
  expect(diffColours('diff --git a/x b/x\n--- a/x\n@@ -1 +1 @@\n-a\n+b\n c', colours).split('\n')).toEqual([
    ...[bold('diff --git a/x b/x'), bold('--- a/x'), accent('@@ -1 +1 @@'), bad('-a'), good('+b'), ' c'],
  ]);
});

test.each([
  [{}, 'less'],
  [{ PAGER: 'more -s' }, 'more -s'],
  [{ SAMOCODE_PAGER: 'bat', PAGER: 'more' }, 'bat'],
  [{ PAGER: '' }, undefined],
  [{ PAGER: 'cat' }, undefined],
  [{ SAMOCODE_PAGER: '', PAGER: 'more' }, undefined],
  [{ TERM: 'dumb' }, undefined],
])('in the environment %j the pager is %s', (env, pager) => {
  expect(pagerOf(env)).toBe(pager);
});
