import { existsSync } from 'node:fs';
import { appendFile, chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { removeTree } from '../../../../src/core/project/git/remove-tree.ts';
import { makeClone, requireSound } from '../../../../src/core/project/proving/clean-clone.ts';
import { copyInto } from '../../../../src/core/project/proving/run-on-clone.ts';
import { ci } from '../../../support/ci.ts';
import { EffectCounter } from '../../../support/counted.ts';
import { sparsePartialClone } from '../../../support/kinds-of-checkouts.ts';
import { IDENTITY, makeRepo, type RepoPlan, type TempRepo } from '../../../support/temp-repo.ts';
import { addLibrary, makeLibrary, repoWithLibraries } from '../../../support/with-libraries.ts';

async function cloneWith(
  areObjectsWritable: boolean,
  repo: TempRepo,
  { base = 'main', tip = 'main' } = {},
): Promise<string> {
  const dir = join(repo.root, 'worktrees/_checks/26-01-08-x/full');
  const commit = await repo.git(['rev-parse', tip]);
  await makeClone(
    {
      mainRepo: repo.path,
      dir,
      commit,
      branch: 'samocode/x',
      base: await repo.git(['rev-parse', base]),
      areObjectsWritable,
    },
    { baseEnv: repo.env },
  );
  return dir;
}

describe.each([
  ['borrowed', false],
  ['fetched, where agents can replace them', true],
])('with objects that are %s', (_, areObjectsWritable) => {
  const cloneOf = (repo: TempRepo, of?: { base?: string; tip?: string }) =>
    cloneWith(areObjectsWritable, repo, of);

  test.each<[string, RepoPlan]>([
    ['a plain name', {}],
    ['spaces and non-ASCII letters in its name', { folder: 'Über boats' }],
    ['SHA-256', { objectFormat: 'sha256', files: { 'README.md': '# A project\n' } }],
  ])(
    'a clone of a repository with %s contains the committed files, and neither hooks nor settings',
    ci,
    async (_, plan) => {
      await using repo = await makeRepo({ ...plan, also: ['other'] });
      await repo.git(['tag', 'v1']);
      await repo.git(['config', 'core.fsmonitor', '/tmp/evil']);
      await repo.git(['config', 'remote.origin.url', 'ssh://example.invalid/boats']);
      await repo.write({
        '.gitignore': 'ignored\n',
        ignored: 'x',
        'new.txt': 'x',
        '.git/hooks/post-checkout': '#!/bin/sh\n',
      });
      const dir = await cloneOf(repo);
      const inClone = (...args: string[]) => repo.git(args, dir);
      expect(await inClone('ls-files')).toBe('README.md');
      expect(existsSync(join(dir, 'ignored')) || existsSync(join(dir, 'new.txt'))).toBe(false);
      expect(existsSync(join(dir, '.git/hooks'))).toBe(false);
      expect(await inClone('config', '--local', '--list')).not.toContain('fsmonitor');
      expect(await inClone('status', '--porcelain', '--branch')).toBe('## samocode/x');
      expect(await inClone('rev-parse', 'v1', 'other', 'HEAD')).toBe(
        await repo.git(['rev-parse', 'v1', 'other', 'HEAD']),
      );
      expect(await inClone('remote', 'get-url', 'origin')).toBe('ssh://example.invalid/boats');
      // git 2.55 refuses the file if this line has no trailing space.
      expect(await readFile(join(dir, '.git/packed-refs'), 'utf8')).toMatch(/^# pack-refs with: /);
    },
  );

  test('a commit in a clone never reaches the repository whose objects it borrows', async () => {
    await using repo = await makeRepo();
    const before = await repo.git(['for-each-ref']);
    const dir = await cloneOf(repo);
    await repo.git([...IDENTITY, 'commit', '-q', '--allow-empty', '-m', 'In the clone'], dir);
    expect(await repo.git(['for-each-ref'])).toBe(before);
    const made = await repo.git(['rev-parse', 'HEAD'], dir);
    await expect(repo.git(['cat-file', '-e', made])).rejects.toThrow('git cat-file');
  });

  test("files are checked out with the user's filters and the attributes of the base", async () => {
    await using repo = await makeRepo();
    await writeFile(
      join(repo.homeDir, '.gitconfig'),
      '[filter "up"]\n\tsmudge = tr a-z A-Z\n\tclean = tr A-Z a-z\n',
    );
    await repo.commit('Attributes', {
      '.gitattributes': '*.up filter=up\n',
      'a.up': 'small\n',
      'sub/b.txt': 'text\n',
    });
    await repo.git(['checkout', '-q', '-b', 'work']);
    await repo.commit('Others', {
      '.gitattributes': '*.txt filter=up\n',
      'sub/.gitattributes': 'b.txt filter=up\n',
    });
    const dir = await cloneOf(repo, { tip: 'work' });
    const read = (name: string) => readFile(join(dir, name), 'utf8');
    expect([await read('a.up'), await read('sub/b.txt')]).toEqual(['SMALL\n', 'text\n']);
    expect(await read('.gitattributes')).toBe('*.txt filter=up\n');
    expect(await read('sub/.gitattributes')).toBe('b.txt filter=up\n');
  });

  test('LFS files come from the local store, and one that is missing there remains a pointer', async () => {
    await using repo = await makeRepo();
    await repo.git(['lfs', 'install', '--local']);
    await repo.git(['config', 'remote.origin.url', 'http://127.0.0.1:9/nowhere']);
    await repo.commit('Large', {
      '.gitattributes': '*.bin filter=lfs\n',
      'a.bin': 'large a\n',
      'b.bin': 'large b\n',
    });
    const pointer = await repo.git(['cat-file', 'blob', 'HEAD:b.bin']);
    const hash = /sha256:([0-9a-f]+)/.exec(pointer)?.[1] ?? '';
    await removeTree(join(repo.path, '.git/lfs/objects', hash.slice(0, 2)));
    const dir = await cloneOf(repo);
    expect(await readFile(join(dir, 'a.bin'), 'utf8')).toBe('large a\n');
    expect((await readFile(join(dir, 'b.bin'), 'utf8')).trim()).toBe(pointer);
  });

  test.each([
    ['below the git folder', () => 'big files', '.git/big files'],
    ['elsewhere', (repo: TempRepo) => join(repo.root, 'big files'), '../big files'],
  ])('an LFS store that the person has put %s is read', async (_, storage, below) => {
    await using repo = await makeRepo();
    await repo.git(['lfs', 'install', '--local']);
    await repo.git(['config', 'lfs.storage', storage(repo)]);
    await repo.commit('Large', { '.gitattributes': '*.bin filter=lfs\n', 'a.bin': 'large a\n' });
    expect(existsSync(join(repo.path, below, 'objects'))).toBe(true);
    expect(existsSync(join(repo.path, '.git/lfs/objects'))).toBe(false);
    const dir = await cloneOf(repo);
    expect(await readFile(join(dir, 'a.bin'), 'utf8')).toBe('large a\n');
  });

  test('submodules come from the local modules, including nested ones; an unavailable one stays empty', async () => {
    await using repo = await repoWithLibraries();
    await addLibrary(repo, await makeLibrary(repo, 'gone'), 'gone');
    await repo.commit('With another one');
    await removeTree(join(repo.path, '.git/modules/gone'));
    const dir = await cloneOf(repo);
    expect(await readFile(join(dir, 'libs/outer/lib.txt'), 'utf8')).toBe('outer\n');
    expect(await readFile(join(dir, 'libs/outer/inner/lib.txt'), 'utf8')).toBe('inner\n');
    expect(existsSync(join(dir, 'gone/lib.txt'))).toBe(false);
    expect(await repo.git(['status', '--porcelain'], dir)).toBe('');
  });

  test('a clone of a sparse and partial clone has the files of its patterns, and fetches no others', async () => {
    await using repo = await makeRepo({
      files: { 'src/a.txt': 'a\n', 'other/b.txt': 'b\n' },
      rearrange: sparsePartialClone,
    });
    const upstream = join(repo.root, 'upstream');
    for (const [name, text] of [
      ['src/a.txt', 'newer\n'],
      ['src/.gitattributes', '*.txt text\n'],
      ['other/.gitattributes', '*.txt -text\n'],
    ] as const)
      await writeFile(join(upstream, name), text);
    await repo.git(['add', '-A'], upstream);
    await repo.git([...IDENTITY, 'commit', '-q', '-m', 'Newer'], upstream);
    await repo.git(['fetch', '-q']);
    const commit = await repo.git(['rev-parse', 'origin/main']);
    const dir = await cloneOf(repo, { tip: 'origin/main' });
    expect(await readFile(join(dir, 'src/a.txt'), 'utf8')).toBe('newer\n');
    expect(existsSync(join(dir, 'src/.gitattributes'))).toBe(true);
    expect(existsSync(join(dir, 'other'))).toBe(false);
    expect(await repo.git(['status', '--porcelain'], dir)).toBe('');
    const there = await repo.git(['rev-list', '--objects', '--missing=print', '--all']);
    expect(there.match(/^\?\w+$/gm)).toHaveLength(2);
    await requireSound({ mainRepo: repo.path, dir, commit }, { baseEnv: repo.env });
  });

  test('a clone is as sparse as the main checkout, whose patterns need not be folders', async () => {
    await using repo = await makeRepo({ files: { 'src/a.txt': 'a\n', 'src/b.bin': 'b\n' } });
    await repo.git(['sparse-checkout', 'set', '--no-cone', '*.txt']);
    const dir = await cloneOf(repo);
    expect(existsSync(join(dir, 'src/a.txt')) && !existsSync(join(dir, 'src/b.bin'))).toBe(true);
    expect(await repo.git(['status', '--porcelain'], dir)).toBe('');
  });

  test('read-only files of a check are removed with its clone', async () => {
    await using repo = await makeRepo();
    const dir = await cloneOf(repo);
    await mkdir(join(dir, 'cache'));
    await writeFile(join(dir, 'cache/x'), 'x');
    await chmod(join(dir, 'cache'), 0o500);
    await removeTree(dir);
    expect(existsSync(dir)).toBe(false);
  });

  test('no link of the branch leads a copied file out of the clone, and a committed link is not changed', async () => {
    await using repo = await makeRepo();
    const outside = join(repo.root, 'outside');
    await mkdir(outside);
    await symlink(outside, join(repo.path, 'link'));
    await repo.commit('With a link', { committed: 'of the branch\n' });
    const dir = await cloneOf(repo);
    const copy = (name: string) => copyInto(dir, name, repo.path, { baseEnv: repo.env });
    await appendFile(join(repo.path, '.git/info/exclude'), 'secret\ncache\n');
    await repo.write({ 'deep/er/secret': 'mine\n', 'cache/a': '', untracked: '' });
    await writeFile(join(outside, 'credentials'), 'mine\n');
    await symlink(outside, join(repo.path, 'gone'));
    await symlink('.git', join(repo.path, 'of-git'));
    expect(existsSync(join(outside, 'secret'))).toBe(false);
    await copy('committed');
    expect(await readFile(join(dir, 'committed'), 'utf8')).toBe('of the branch\n');
    await copy('deep/er/secret');
    expect(await readFile(join(dir, 'deep/er/secret'), 'utf8')).toBe('mine\n');
    await copy('cache');
    expect(existsSync(join(dir, 'cache/a'))).toBe(true);
    const refused = ['link/secret', 'missing', 'gone/credentials', 'of-git/config', 'untracked', 'gone'];
    for (const name of refused) {
      await expect(copy(name)).rejects.toMatchObject({
        code: 'copy_refused',
        what: expect.stringContaining(name),
      });
      expect(existsSync(join(dir, name))).toBe(false);
    }
  });
});

test('what is copied for checks in part is an error by name', async () => {
  await using repo = await makeRepo();
  const dir = await cloneWith(false, repo);
  await appendFile(join(repo.path, '.git/info/exclude'), 'cache\n');
  await repo.write({ 'cache/a': 'a', 'cache/z': 'z' });
  await runCommand('mkfifo', [join(repo.path, 'cache/pipe')]);
  await expect(copyInto(dir, 'cache', repo.path, { baseEnv: repo.env })).rejects.toMatchObject({
    code: 'copy_failed',
    what: expect.stringContaining('cache of CHECK_COPY was copied in part'),
    why: expect.stringContaining('ERR_FS_CP_FIFO_PIPE'),
  });
});

test('the address of the remote is copied as it is, whatever characters it has', async () => {
  await using repo = await makeRepo();
  const url = 'C:\\boats "and" #harbours;\n\tthe second line';
  await repo.git(['config', 'remote.origin.url', url]);
  const dir = await cloneWith(false, repo);
  expect(await repo.git(['config', '--get', 'remote.origin.url'], dir)).toBe(url);
});

test('an ordinary clone takes four programs, and one more where attributes can differ', async () => {
  await using repo = await makeRepo({ also: ['other'] });
  await repo.commit('More', { 'more.txt': 'more\n' });
  using counter = new EffectCounter('same');
  await cloneWith(false, repo);
  counter.begin('other');
  await cloneWith(false, repo, { base: 'main~1' });
  const isOfTest = (what: string) => what.includes('rev-parse main');
  expect(counter.of('same', isOfTest), counter.list('same').join('\n')).toEqual({ programs: 4, syncs: 0 });
  expect(counter.of('other', isOfTest), counter.list('other').join('\n')).toEqual({ programs: 5, syncs: 0 });
});

test('a replaced object is refused if agents could replace it', async () => {
  await using repo = await makeRepo({ files: { 'check.sh': 'exit 1\n' } });
  const blob = await repo.git(['rev-parse', 'HEAD:check.sh']);
  const path = join(repo.path, '.git/objects', blob.slice(0, 2), blob.slice(2));
  await rm(path);
  await writeFile(path, deflateSync('blob 7\0exit 0\n'));
  const borrowed = await cloneWith(false, repo);
  expect(await readFile(join(borrowed, 'check.sh'), 'utf8')).toBe('exit 0\n');
  await expect(cloneWith(true, repo)).rejects.toMatchObject({ code: 'git_damaged' });
});

test('a clone whose objects were fetched has the history and the other branches for checks that compare', async () => {
  await using repo = await makeRepo({
    also: ['other'],
    commits: [{ subject: 'More', files: { more: 'x' } }],
  });
  const dir = await cloneWith(true, repo);
  expect(await repo.git(['log', '--format=%s', 'samocode/x'], dir)).toBe('More\nFirst commit');
  expect(await repo.git(['diff', '--stat', 'other', 'HEAD~1'], dir)).not.toBe('');
});
