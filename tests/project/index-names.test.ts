import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { namesOnlyIn } from '../../src/project/index-names.ts';
import { tempDir } from '../support/temp-dir.ts';
import { makeRepo } from '../support/temp-repo.ts';

const NAMES = ['a', 'a.txt', 'b/c', 'b-d', 'ü', 'odd\nname', 'x y', `long/${'n'.repeat(4200)}`];

async function scene(plan: Parameters<typeof makeRepo>[0] = {}) {
  const repo = await makeRepo(plan);
  const commit = await repo.git(['rev-parse', 'HEAD']);
  const blob = await repo.git(['rev-parse', 'HEAD:README.md']);
  const index = async (file: string, names: readonly string[], mode = '100644') => {
    const path = join(repo.root, file);
    for (const name of names) {
      const info = `${mode},${mode === '160000' ? commit : blob},${name}`;
      await repo.git(['update-index', '--add', '--cacheinfo', info]);
    }
    await writeFile(path, await readFile(join(repo.path, '.git/index')));
    return path;
  };
  return { repo, index };
}

test('names that one index has and another has not are found as git lists them', async () => {
  const { repo, index } = await scene();
  await using _ = repo;
  const few = await index('few', NAMES.slice(0, 2));
  const all = await index('all', NAMES);
  const listed = (await repo.git(['ls-files', '-z'])).split('\0').filter(Boolean);
  const bytes = (name: string) => Buffer.from(name).toString('latin1');
  expect(await namesOnlyIn(all, few, 'sha1')).toEqual(
    listed.filter((name) => !['README.md', 'a', 'a.txt'].includes(name)).map(bytes),
  );
  expect(await namesOnlyIn(few, all, 'sha1')).toEqual([]);
  expect(await namesOnlyIn(all, all, 'sha1')).toEqual([]);
});

test('a submodule is no file, and files with marks of their own are', async () => {
  const { repo, index } = await scene();
  await using _ = repo;
  const before = await index('before', []);
  await index('with', ['sub'], '160000');
  const after = await index('after', ['c.txt']);
  await repo.git(['update-index', '--skip-worktree', 'c.txt']);
  await writeFile(after, await readFile(join(repo.path, '.git/index')));
  expect((await readFile(after)).readUInt32BE(4)).toBe(3);
  expect(await namesOnlyIn(after, before, 'sha1')).toEqual(['c.txt']);
});

test('SHA-256 is read as such', async () => {
  const { repo, index } = await scene({ objectFormat: 'sha256' });
  await using _ = repo;
  const before = await index('before', []);
  const after = await index('after', ['c.txt', 'd/e']);
  expect(await namesOnlyIn(after, before, 'sha256')).toEqual(['c.txt', 'd/e']);
});

test('other versions, split and damaged indexes, links and pipes are left to git', async () => {
  const { repo, index } = await scene();
  await using _ = repo;
  const plain = await index('plain', ['a']);
  const path = join(repo.path, '.git/index');
  await repo.git(['update-index', '--index-version=4']);
  expect(await namesOnlyIn(path, plain, 'sha1')).toBeUndefined();
  await repo.git(['update-index', '--index-version=2']);
  await repo.git(['update-index', '--split-index']);
  expect(await namesOnlyIn(path, plain, 'sha1')).toBeUndefined();
  await symlink(plain, join(repo.root, 'link'));
  expect(await namesOnlyIn(join(repo.root, 'link'), plain, 'sha1')).toBeUndefined();
  expect(await namesOnlyIn(join(repo.root, 'gone'), plain, 'sha1')).toBeUndefined();
  await mkdir(join(repo.root, 'folder'));
  expect(await namesOnlyIn(join(repo.root, 'folder'), plain, 'sha1')).toBeUndefined();
});

test('whatever stands in an index, reading it ends and never throws', async () => {
  const { repo, index } = await scene();
  await using _ = repo;
  await using dir = await tempDir();
  const plain = await index('plain', NAMES.slice(0, 4));
  const bytes = await readFile(plain);
  const path = join(dir.path, 'index');
  const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(damage, fc.nat(bytes.length), async (changes, length) => {
      const copy = Buffer.from(bytes);
      for (const [at, byte] of changes) copy[at] = byte;
      await writeFile(path, copy.subarray(0, length));
      const names = await namesOnlyIn(path, plain, 'sha1');
      expect(names === undefined || Array.isArray(names)).toBe(true);
    }),
    { numRuns: 300 },
  );
});
