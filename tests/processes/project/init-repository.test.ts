import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UndoList } from '../../../src/project/git/undo-list.ts';
import { initRepository } from '../../../src/project/worktrees/init-repository.ts';
import { makeRepo, type TempRepo } from '../../support/temp-repo.ts';

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
  expect(done).toEqual(['Made the first commit.']);
  expect(await repo.git(['show', 'HEAD:a.txt'])).toBe('a');
  await undo.run();
  await expect(repo.git(['rev-parse', '--verify', 'HEAD'])).rejects.toThrow('git rev-parse');
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
  ['of a newer git', 'config', '[core]\n\trepositoryformatversion = 99\n', 'git_failed'],
  ['with a broken HEAD', 'HEAD', 'nowhere\n', 'not_a_repository'],
])(
  'a repository %s is refused, and nothing of it is made anew or taken back',
  async (_, file, text, code) => {
    await using repo = await makeRepo();
    const gitDir = join(repo.path, '.git');
    await writeFile(join(gitDir, file), text);
    const undo = new UndoList();
    const made = initRepository(repo.path, { homeDir: repo.homeDir, undo, baseEnv: repo.env });
    await expect(made).rejects.toMatchObject({ code });
    await undo.run();
    expect(await readdir(gitDir)).toEqual(expect.arrayContaining(['config', 'objects', 'refs']));
    expect(await readFile(join(gitDir, 'refs/heads/main'), 'utf8')).toMatch(/^[0-9a-f]{40}\n$/);
  },
);

test('a repository that another process has committed to is not taken back', async () => {
  await using repo = await makeRepo();
  const folder = join(repo.root, 'new', 'deep');
  const undo = new UndoList();
  await initRepository(folder, { homeDir: repo.homeDir, undo, baseEnv: await withIdentity(repo) });
  await repo.git(['-c', 'user.name=B', '-c', 'user.email=b@example.invalid', ...EMPTY_COMMIT], folder);
  await undo.run();
  expect(await repo.git(['rev-list', '--count', 'HEAD'], folder)).toBe('2');
});

test('a folder that was made goes again with its repository, but not with what somebody put there', async () => {
  await using repo = await makeRepo();
  const baseEnv = await withIdentity(repo);
  const folder = join(repo.root, 'new', 'deep');
  const undo = new UndoList();
  await initRepository(folder, { homeDir: repo.homeDir, undo, baseEnv });
  await undo.run();
  expect(await readdir(repo.root)).not.toContain('new');
  const again = new UndoList();
  await initRepository(folder, { homeDir: repo.homeDir, undo: again, baseEnv });
  await writeFile(join(folder, 'notes.md'), 'mine');
  await again.run();
  expect(await readdir(folder)).toEqual(['notes.md']);
});

test('a commit upon our first one keeps it from being taken back', async () => {
  await using repo = await makeRepo({ empty: true });
  const undo = new UndoList();
  await initRepository(repo.path, { homeDir: repo.homeDir, undo, baseEnv: repo.env });
  const ours = await repo.git(['rev-parse', 'HEAD']);
  await repo.git(EMPTY_COMMIT);
  await undo.run();
  expect(await repo.git(['rev-parse', 'HEAD^'])).toBe(ours);
});

test('of several that make one repository at once none takes it from another', async () => {
  await using repo = await makeRepo();
  const baseEnv = await withIdentity(repo);
  for (const round of [1, 2, 3, 4, 5, 6]) {
    const folder = join(repo.root, `new-${round}`);
    await mkdir(folder);
    for (let index = 0; index < 100; index += 1) await writeFile(join(folder, `${index}.txt`), `${index}`);
    const one = async () => {
      const undo = new UndoList();
      await initRepository(folder, { homeDir: repo.homeDir, undo, baseEnv }).catch(async (error: unknown) => {
        await undo.run();
        throw error;
      });
    };
    const ends = await Promise.allSettled([one(), one(), one()]);
    if (!ends.some(({ status }) => status === 'fulfilled')) continue;
    expect(await repo.git(['ls-tree', '--name-only', 'HEAD', '7.txt'], folder)).toBe('7.txt');
  }
});

const EMPTY_COMMIT = ['commit', '--quiet', '--allow-empty', '-m', 'Theirs'];

async function withIdentity({ homeDir, env }: TempRepo): Promise<Record<string, string>> {
  const text = '[user]\n\tname = Test Person\n\temail = test@example.invalid\n';
  await writeFile(join(homeDir, '.gitconfig'), text);
  return env;
}
