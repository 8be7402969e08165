import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CORE } from './core.ts';
import type { Finding } from './finding.ts';
import { GATES } from './gates.ts';
import { HOUSE } from './house.ts';
import { PRODUCT } from './product.ts';

const TESTS = join(import.meta.dirname, '..');
const ALL: readonly Finding[] = [...CORE, ...GATES, ...HOUSE, ...PRODUCT];
const SHOWN = ALL.flatMap((finding) =>
  'shownBy' in finding ? finding.shownBy.map(([file, title]) => ({ id: finding.id, file, title })) : [],
);

test.each(SHOWN)('finding $id is shown by a test in $file', ({ file, title }) => {
  expect(readFileSync(join(TESTS, file), 'utf8')).toContain(title);
});

test('no finding has two rows', () => {
  const ids = ALL.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)]);
});
