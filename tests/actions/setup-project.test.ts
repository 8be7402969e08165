import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setupProject } from '../../src/actions/setup-project.ts';
import { makeBench } from './bench.ts';

test('from a folder inside the repository the whole repository is set up, and again nothing changes', async () => {
  await using bench = await makeBench({ bare: true });
  const inside = join(bench.repo.path, 'src');
  await mkdir(inside);
  const context = { ...bench.context, cwd: '/', roots: [inside] };
  const made = await setupProject({ lines: { PROVIDER: 'rehearsal', CHECK: 'npm test' } }, context);
  expect(made).toMatchObject({ kind: 'made', project: { mainRepo: bench.repo.path } });
  const text = await readFile(join(bench.repo.path, '.samocode'), 'utf8');
  expect(text).toContain('CHECK=npm test');
  const checked = await setupProject({ lines: { PROVIDER: 'claude' } }, context);
  expect(checked).toMatchObject({ kind: 'checked', done: [] });
  expect(await readFile(join(bench.repo.path, '.samocode'), 'utf8')).toBe(text);
});

test('a folder without git is refused until the person has agreed to make one', async () => {
  await using bench = await makeBench({ bare: true });
  const context = { ...bench.context, env: { ...bench.context.env, ...IDENTITY } };
  const folder = join(bench.repo.root, 'new');
  await mkdir(folder);
  await expect(setupProject({ projectDir: folder }, context)).rejects.toMatchObject({
    code: 'not_a_repository',
  });
  const made = await setupProject({ projectDir: folder, initRepository: true }, context);
  expect(made.done).toEqual(expect.arrayContaining(['Made a first commit.']));
});

const IDENTITY = {
  GIT_AUTHOR_NAME: 'T',
  GIT_AUTHOR_EMAIL: 't@example.invalid',
  GIT_COMMITTER_NAME: 'T',
  GIT_COMMITTER_EMAIL: 't@example.invalid',
};
