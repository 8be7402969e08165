import { existsSync } from 'node:fs';
import { chmod, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeTree } from '../../../../../src/core/project/git/remove-tree.ts';
import { ci } from '../../../../support/ci.ts';
import { sparsePartialClone } from '../../../../support/kinds-of-checkouts.ts';
import { IDENTITY, makeRepo } from '../../../../support/temp-repo.ts';
import { mergeScene, REF, work } from './merge-scene.ts';

test(
  'a merge onto an unmoved base is the tip of the branch, and only a samocode ref changes',
  ci,
  async () => {
    await using s = await mergeScene();
    await work(s.repo, { 'a.txt': 'work\n' });
    const before = await s.at('main');
    expect(await s.merge()).toEqual({ kind: 'made', commit: await s.at('samocode/x') });
    expect([await s.at('main'), existsSync(join(s.repo.path, 'a.txt'))]).toEqual([before, false]);
    expect(await s.forward()).toEqual({ kind: 'done' });
    expect([await s.at('main'), await readFile(join(s.repo.path, 'a.txt'), 'utf8')]).toEqual([
      await s.at('samocode/x'),
      'work\n',
    ]);
    expect(await s.repo.git(['status', '--porcelain'])).toBe('');
  },
);

test.each(['false', 'no', 'off', '0', 'False'])('merge.ff=%s yields a merge commit', async (value) => {
  await using s = await mergeScene();
  await s.repo.git(['config', 'merge.ff', value]);
  await work(s.repo, { 'a.txt': 'work\n' });
  await s.merge();
  expect(await s.repo.git(['log', '-1', '--format=%an %s', REF])).toBe(
    "Test Person Merge branch 'samocode/x'",
  );
  expect(await s.repo.git(['rev-list', '--parents', '-1', REF])).toBe(
    `${await s.at(REF)} ${await s.at('main')} ${await s.at('samocode/x')}`,
  );
});

test.each(['true', 'only', 'yes'])('merge.ff=%s leaves a fast-forward', async (value) => {
  await using s = await mergeScene();
  await s.repo.git(['config', 'merge.ff', value]);
  await work(s.repo, { 'a.txt': 'work\n' });
  expect(await s.merge()).toEqual({ kind: 'made', commit: await s.at('samocode/x') });
});

test('a base that moved is merged, with names that need quotes or are not ASCII', async () => {
  await using s = await mergeScene({ folder: 'Über boats' });
  await work(s.repo, { 'ein Ordner/größe "1".txt': 'work\n' });
  await s.repo.commit('Meanwhile', { 'b.txt': 'theirs\n' });
  expect((await s.merge()).kind).toBe('made');
  expect(await s.forward()).toEqual({ kind: 'done' });
  expect(await s.repo.git(['-c', 'core.quotePath=false', 'ls-files', '-z'])).toContain(
    'ein Ordner/größe "1".txt\0',
  );
  expect(await readFile(join(s.repo.path, 'ein Ordner/größe "1".txt'), 'utf8')).toBe('work\n');
  expect(existsSync(join(s.repo.root, 'worktrees/_checks/x/merging'))).toBe(false);
});

test('conflicts are named, and neither ref nor file changes', async () => {
  await using s = await mergeScene();
  await work(s.repo, { 'README.md': 'ours\n', 'größe 1.txt': 'ours\n' });
  await s.repo.commit('Meanwhile', { 'README.md': 'theirs\n', 'größe 1.txt': 'theirs\n' });
  const refs = await s.repo.git(['for-each-ref']);
  expect(await s.merge()).toEqual({ kind: 'conflicts', files: ['README.md', 'größe 1.txt'] });
  expect(await s.repo.git(['for-each-ref'])).toBe(refs);
  expect(await s.repo.git(['status', '--porcelain'])).toBe('');
  expect(existsSync(join(s.repo.root, 'worktrees/_checks/x/merging'))).toBe(false);
});

test('a merge driver is not started, even if attributes and settings name one', async () => {
  await using s = await mergeScene();
  const mark = join(s.repo.root, 'ran');
  await writeFile(join(s.repo.homeDir, '.gitconfig'), `[merge "own"]\n\tdriver = touch ${mark} && true\n`);
  await s.repo.commit('Attributes', { '.gitattributes': '*.md merge=own\n' });
  await s.repo.git(['branch', '-f', 'samocode/x', 'main']);
  await work(s.repo, { 'README.md': 'ours\n' });
  await s.repo.commit('Meanwhile', { 'README.md': 'theirs\n' });
  expect(await s.merge()).toEqual({ kind: 'conflicts', files: ['README.md'] });
  expect(existsSync(mark)).toBe(false);
});

test('neither hooks nor monitors of the repository run for a merge and a fast-forward', async () => {
  await using s = await mergeScene();
  const mark = join(s.repo.root, 'ran');
  await work(s.repo, { 'a.txt': 'work\n' });
  await s.repo.commit('Meanwhile', { 'b.txt': 'theirs\n' });
  for (const hook of ['post-merge', 'post-checkout', 'reference-transaction', 'pre-merge-commit']) {
    await s.repo.write({ [`.git/hooks/${hook}`]: `#!/bin/sh\ntouch '${mark}'\n` });
    await chmod(join(s.repo.path, '.git/hooks', hook), 0o755);
  }
  await s.repo.write({ '.git/monitor': `#!/bin/sh\ntouch '${mark}'\n` });
  await chmod(join(s.repo.path, '.git/monitor'), 0o755);
  await s.repo.git(['config', 'core.fsmonitor', join(s.repo.path, '.git/monitor')]);
  await s.merge();
  expect(await s.forward()).toEqual({ kind: 'done' });
  expect(existsSync(mark)).toBe(false);
});

test('links out of the tree are merged as links, and their targets are not touched', async () => {
  await using s = await mergeScene();
  const outside = join(s.repo.root, 'outside.txt');
  await writeFile(outside, 'mine\n');
  await s.repo.git(['switch', '--quiet', 'samocode/x']);
  await symlink(outside, join(s.repo.path, 'link'));
  await symlink(s.repo.root, join(s.repo.path, 'folder'));
  await s.repo.commit('Links');
  await s.repo.git(['switch', '--quiet', 'main']);
  await s.repo.commit('Meanwhile', { 'b.txt': 'theirs\n' });
  await s.merge();
  expect(await s.forward()).toEqual({ kind: 'done' });
  expect(await readFile(outside, 'utf8')).toBe('mine\n');
  expect(await s.repo.git(['ls-tree', '--format=%(objectmode) %(path)', 'main'])).toContain('120000 link');
});

test('LFS files are merged as pointers, and one whose content is missing remains a pointer', async () => {
  await using s = await mergeScene();
  await s.repo.git(['lfs', 'install', '--local']);
  await s.repo.git(['config', 'remote.origin.url', 'http://127.0.0.1:9/nowhere']);
  await s.repo.commit('Large', { '.gitattributes': '*.bin filter=lfs merge=lfs\n', 'a.bin': 'large a\n' });
  await s.repo.git(['branch', '-f', 'samocode/x', 'main']);
  await work(s.repo, { 'b.bin': 'large b\n', 'c.bin': 'large c\n' });
  await s.repo.commit('Meanwhile', { 'a.bin': 'larger a\n' });
  const pointer = await s.repo.git(['cat-file', 'blob', 'samocode/x:c.bin']);
  const hash = /sha256:([0-9a-f]+)/.exec(pointer)?.[1] ?? '';
  await removeTree(join(s.repo.path, '.git/lfs/objects', hash.slice(0, 2), hash.slice(2, 4)));
  expect((await s.merge()).kind).toBe('made');
  expect(await s.repo.git(['cat-file', 'blob', `${REF}:c.bin`])).toBe(pointer);
  expect(await s.forward()).toEqual({ kind: 'done' });
  const read = async (name: string) => (await readFile(join(s.repo.path, name), 'utf8')).trim();
  expect([await read('a.bin'), await read('b.bin'), await read('c.bin')]).toEqual([
    'larger a',
    'large b',
    pointer,
  ]);
});

test('submodules are merged as commit ids', async () => {
  await using library = await makeRepo();
  await using s = await mergeScene();
  const local = ['-c', 'protocol.file.allow=always'];
  await s.repo.git([...local, 'submodule', '--quiet', 'add', library.path, 'lib']);
  await s.repo.commit('A library');
  await s.repo.git(['branch', '-f', 'samocode/x', 'main']);
  const newer = await library.commit('Newer', { 'new.txt': 'x\n' });
  await s.repo.git(['switch', '--quiet', 'samocode/x']);
  await s.repo.git(['update-index', '--cacheinfo', `160000,${newer},lib`]);
  await s.repo.git(['commit', '--quiet', '-m', 'Newer library']);
  await s.repo.git(['switch', '--quiet', 'main']);
  await s.repo.git(['reset', '--quiet', '--hard']);
  await s.repo.commit('Meanwhile', { 'b.txt': 'theirs\n' });
  expect((await s.merge()).kind).toBe('made');
  expect(await s.repo.git(['rev-parse', `${REF}:lib`])).toBe(newer);
  expect(await s.forward()).toEqual({ kind: 'done' });
});
test('in a sparse and partial clone, a merge with a base that has moved on needs no content beyond the patterns', async () => {
  const files = { 'src/a.txt': 'one\n\n\n\ntwo\n', 'other/b.txt': 'b\n', 'other/c.txt': 'c\n' };
  await using s = await mergeScene({ files, rearrange: sparsePartialClone });
  await work(s.repo, { 'src/a.txt': 'one\n\n\n\nwork\n' });
  const upstream = join(s.repo.root, 'upstream');
  await writeFile(join(upstream, 'src/a.txt'), 'base\n\n\n\ntwo\n');
  await writeFile(join(upstream, 'other/b.txt'), 'newer\n');
  await s.repo.git(['mv', 'other/c.txt', 'other/d.txt'], upstream);
  await s.repo.git([...IDENTITY, 'commit', '-qam', 'Newer'], upstream);
  await s.repo.git(['pull', '-q', '--ff-only']);
  expect(await s.merge()).toMatchObject({ kind: 'made' });
  expect(await s.forward()).toEqual({ kind: 'done' });
  expect(await readFile(join(s.repo.path, 'src/a.txt'), 'utf8')).toBe('base\n\n\n\nwork\n');
  expect(await s.repo.git(['ls-tree', '-r', '--name-only', 'main'])).toContain('other/d.txt');
  expect(await s.repo.git(['status', '--porcelain'])).toBe('');
});
