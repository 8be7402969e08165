// @module-tag ci
import { expect, test } from 'vitest';
import { touchesFiles } from '../../../../src/core/project/proving/branch-work.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

test('a commit touches a file in whatever form a plan names its path', async () => {
  await using repo = await makeRepo();
  const base = await repo.git(['rev-parse', 'HEAD']);
  await repo.commit('Work', { 'app/[slug]/page.tsx': 'x\n' });
  const work = { mainRepo: repo.path, base, tip: await repo.git(['rev-parse', 'HEAD']), baseEnv: repo.env };
  const named = [
    'app/[slug]/page.tsx',
    './app/[slug]/page.tsx',
    './app/',
    'app/[slug]/',
    '.',
    './',
    'app/*.tsx',
  ];
  const found = await Promise.all(named.map((name) => touchesFiles(work, [name])));
  expect(named.filter((_, at) => !found[at])).toEqual([]);
  expect(await touchesFiles(work, ['./other', 'pp'])).toBe(false);
});
