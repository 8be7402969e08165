import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { codes, table } from '../../scripts/docs/page.ts';
import { PAGES } from '../../scripts/docs/pages.ts';

test.each(PAGES)('$path matches the code (otherwise run: npm run docs)', async ({ path, render }) => {
  const current = await readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
  expect(current).toBe(render());
});

test('a pipe in a cell does not end the cell', () => {
  expect(table(['a', 'b'], [['x | y', 'z']])).toBe('| a | b |\n| --- | --- |\n| x \\| y | z |');
});

test('values are shown as code, a missing one as a dash', () => {
  expect(codes(['a', 'b'])).toBe('`a`, `b`');
  expect(codes([])).toBe('–');
});
