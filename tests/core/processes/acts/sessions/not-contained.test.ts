// @module-tag ci
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { notContained } from '../../../../../src/core/acts/sessions/start/not-contained.ts';
import { makeProject } from '../../../../support/project.ts';

test('a start names the uncommitted files of the checkout, and not its own settings', async () => {
  const project = await makeProject();
  await using repo = project.repo;
  const { context } = project;
  const place = { mainRepo: repo.path, filePath: join(repo.path, '.samocode') };
  const said = async () => await notContained(place, context);
  expect(await said()).toEqual([]);
  await writeFile(join(repo.path, 'boat.txt'), 'red');
  await writeFile(join(repo.path, '.samocode'), 'MAIN_REPO=.');
  expect(await said()).toEqual([
    'Not in this session, which begins at a commit: 1 uncommitted file (boat.txt).',
  ]);
  for (const name of 'abcdef') await writeFile(join(repo.path, name), 'red');
  expect(await said()).toEqual([
    'Not in this session, which begins at a commit: 7 uncommitted files (a, b, boat.txt, c, d, …).',
  ]);
  await writeFile(join(repo.path, '.git/index'), 'no index');
  expect(await said()).toEqual([expect.stringContaining('could not look')]);
});
