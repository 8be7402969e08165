import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { initRepository } from '../../src/project/init-repository.ts';
import { UndoList } from '../../src/project/undo-list.ts';
import { makeRepo } from '../support/temp-repo.ts';

test('a repository that has a commit is left as it is', async () => {
  await using repo = await makeRepo();
  const undo = new UndoList();
  expect(await initRepository(repo.path, { homeDir: repo.homeDir, undo, baseEnv: repo.env })).toEqual([]);
  expect(await repo.git(['rev-list', '--count', 'HEAD'])).toBe('1');
});

test('a repository without a commit gets its first one, and taking it back leaves the files', async () => {
  await using repo = await makeRepo({ empty: true });
  await repo.write({ 'a.txt': 'a' });
  const undo = new UndoList();
  const done = await initRepository(repo.path, { homeDir: repo.homeDir, undo, baseEnv: repo.env });
  expect(done).toEqual(['Made a first commit.']);
  expect(await repo.git(['show', 'HEAD:a.txt'])).toBe('a');
  await undo.run();
  await expect(repo.git(['rev-parse', '--verify', 'HEAD'])).rejects.toThrow();
});

test('a folder full of dependencies is no first commit', async () => {
  await using repo = await makeRepo({ empty: true });
  const folder = join(repo.path, 'node_modules');
  await mkdir(folder);
  const names = Array.from({ length: 10_001 }, (_, index) => join(folder, `${index}.js`));
  await Promise.all(names.map((name) => writeFile(name, '')));
  const undo = new UndoList();
  const first = initRepository(repo.path, { homeDir: repo.homeDir, undo, baseEnv: repo.env });
  await expect(first).rejects.toMatchObject({
    code: 'first_commit_too_large',
    why: expect.stringContaining('10001'),
  });
});

test.each([
  ['of a newer git', 'config', '[core]\n\trepositoryformatversion = 99\n', 'GitError'],
  ['with a broken HEAD', 'HEAD', 'nowhere\n', 'NotARepositoryError'],
])(
  'a repository %s is refused, and nothing of it is made anew or taken back',
  async (_, file, text, name) => {
    await using repo = await makeRepo();
    const gitDir = join(repo.path, '.git');
    await writeFile(join(gitDir, file), text);
    const undo = new UndoList();
    const made = initRepository(repo.path, { homeDir: repo.homeDir, undo, baseEnv: repo.env });
    await expect(made).rejects.toMatchObject({ name });
    await undo.run();
    expect(await readdir(gitDir)).toEqual(expect.arrayContaining(['config', 'objects', 'refs']));
    expect(await readFile(join(gitDir, 'refs/heads/main'), 'utf8')).toMatch(/^[0-9a-f]{40}\n$/);
  },
);
