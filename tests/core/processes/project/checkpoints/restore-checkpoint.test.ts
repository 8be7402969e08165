import {
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pathAt, readable } from '../../../../../src/core/project/git/path-bytes.ts';
import { checkpointScene, contentsOf } from '../../../../support/checkpoint-scene.ts';
import { ci } from '../../../../support/ci.ts';

test(
  'files, links, modes, documents and the branch are restored, and the previous state can be restored again',
  ci,
  async () => {
    const { repo, worktreePath, sessionDir, keep, restore } = await checkpointScene();
    await using _ = repo;
    await writeFile(join(worktreePath, 'a.txt'), 'first\r\n');
    await writeFile(join(worktreePath, 'odd\nname ü'), 'x');
    await writeFile(join(worktreePath, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    await symlink('/etc', join(worktreePath, 'out'));
    const first = await keep(1);
    const then = { code: await contentsOf(worktreePath), documents: await contentsOf(sessionDir) };
    await rm(join(worktreePath, 'out'));
    await mkdir(join(worktreePath, 'out'));
    await writeFile(join(worktreePath, 'out/inside.txt'), 'y');
    await rm(join(worktreePath, 'odd\nname ü'));
    await chmod(join(worktreePath, 'run.sh'), 0o644);
    await writeFile(join(sessionDir, '_overview.md'), '# Another\n');
    await writeFile(join(sessionDir, '01-08-1437-plan-x.md'), '# Plan\n');
    await repo.git(['add', '-A'], worktreePath);
    await repo.git(['commit', '-q', '-m', 'Work'], worktreePath);
    const tip = await repo.git(['rev-parse', 'x']);
    const later = { code: await contentsOf(worktreePath), documents: await contentsOf(sessionDir) };

    const back = await restore(first.commit, '1');
    expect({ code: await contentsOf(worktreePath), documents: await contentsOf(sessionDir) }).toEqual(then);
    expect(await repo.git(['rev-parse', 'x'])).toBe(await repo.git(['rev-parse', 'main']));
    expect(await repo.git(['symbolic-ref', 'HEAD'], worktreePath)).toBe('refs/heads/x');
    expect(await repo.git(['rev-parse', `${back.undo.ref}^1`])).toBe(tip);

    await restore(back.undo.commit, '2');
    expect({ code: await contentsOf(worktreePath), documents: await contentsOf(sessionDir) }).toEqual(later);
    expect(await repo.git(['rev-parse', 'x'])).toBe(tip);
    expect(await repo.git(['status', '--porcelain'], worktreePath)).toBe('');
  },
);

test('pictures of the session are restored byte for byte, and newer ones are gone', async () => {
  const { repo, sessionDir, keep, restore } = await checkpointScene();
  await using _ = repo;
  const screens = join(sessionDir, 'screens');
  const picture = Buffer.from('89504e470d0a1a0a0000000dff00fe0d0a', 'hex');
  await mkdir(screens);
  await writeFile(join(screens, 'home.png'), picture);
  const first = await keep(1);
  await writeFile(join(screens, 'home.png'), 'overwritten');
  await writeFile(join(screens, 'later.png'), picture);
  await restore(first.commit, '1');
  expect(await readFile(join(screens, 'home.png'))).toEqual(picture);
  expect(await readdir(screens)).toEqual(['home.png']);
});

test('line endings, filters and attributes of the repository change no byte', async () => {
  const { repo, worktreePath, keep, restore } = await checkpointScene();
  await using _ = repo;
  const attributes =
    '* text=auto eol=crlf\n*.id ident\n*.u16 working-tree-encoding=UTF-16LE\n*.f filter=evil\n';
  await repo.git(['config', 'filter.evil.clean', 'touch /tmp/never; cat']);
  await repo.git(['config', 'core.autocrlf', 'true']);
  await writeFile(join(worktreePath, '.gitattributes'), attributes);
  for (const name of ['mixed.txt', 'b.id', 'c.u16', 'd.f']) {
    await writeFile(join(worktreePath, name), 'one\r\ntwo\n$Id: x $\n\0\xff', 'latin1');
  }
  const first = await keep(1);
  const then = await contentsOf(worktreePath);
  for (const name of ['mixed.txt', 'b.id', 'c.u16', 'd.f'])
    await writeFile(join(worktreePath, name), 'gone\n');
  await restore(first.commit, '1');
  expect(await contentsOf(worktreePath)).toEqual(then);
});

test('a file that is tracked despite an ignore rule is restored like any other', async () => {
  const { repo, worktreePath, keep, restore } = await checkpointScene();
  await using _ = repo;
  await mkdir(join(worktreePath, 'ignored'));
  await writeFile(join(worktreePath, 'ignored/forced'), 'tracked\n');
  await repo.git(['add', '-f', 'ignored/forced'], worktreePath);
  const first = await keep(1);
  expect((await keep(2)).kind).toBe('same');
  await rm(join(worktreePath, 'ignored'), { recursive: true });
  await restore(first.commit, '1');
  expect(await readFile(join(worktreePath, 'ignored/forced'), 'utf8')).toBe('tracked\n');
});

test('ignored files are kept, and one in the way is restored by the undo', async () => {
  const { repo, worktreePath, keep, restore } = await checkpointScene();
  await using _ = repo;
  await writeFile(join(worktreePath, 'data'), 'a file\n');
  const first = await keep(1);
  await rm(join(worktreePath, 'data'));
  await writeFile(join(worktreePath, '.gitignore'), 'ignored/\ndata/\n');
  await mkdir(join(worktreePath, 'data/deep'), { recursive: true });
  await writeFile(join(worktreePath, 'data/deep/cache'), 'precious\n');
  await mkdir(join(worktreePath, 'ignored'));
  await writeFile(join(worktreePath, 'ignored/kept'), 'kept\n');
  const later = await contentsOf(worktreePath);
  const back = await restore(first.commit, '1');
  expect(await readFile(join(worktreePath, 'data'), 'utf8')).toBe('a file\n');
  expect(await readFile(join(worktreePath, 'ignored/kept'), 'utf8')).toBe('kept\n');
  await restore(back.undo.commit, '2');
  expect(await contentsOf(worktreePath)).toEqual(later);
});

test('files no longer ignored under the restored rules are kept, and are reported', async () => {
  const { repo, worktreePath, keep, restore } = await checkpointScene();
  await using _ = repo;
  const first = await keep(1);
  await writeFile(join(worktreePath, '.gitignore'), 'ignored/\n*.log\n');
  await writeFile(join(worktreePath, 'long.log'), 'precious\n');
  const later = await contentsOf(worktreePath);
  const back = await restore(first.commit, '1');
  expect(back.skipped).toEqual(['long.log']);
  expect(await readFile(join(worktreePath, 'long.log'), 'utf8')).toBe('precious\n');
  await restore(back.undo.commit, '2');
  expect(await contentsOf(worktreePath)).toEqual(later);
});

test('a file rewritten with the same bytes is restored like any other', async () => {
  const { repo, worktreePath, keep, restore } = await checkpointScene();
  await using _ = repo;
  const path = join(worktreePath, 'a.txt');
  const first = await keep(1);
  await writeFile(path, 'b\n');
  const { undo } = await restore(first.commit, '1');
  await restore(undo.commit, '2');
  await copyFile(path, `${path}.new`);
  await rename(`${path}.new`, path);
  await utimes(path, 1, 1);
  await restore(first.commit, '3');
  expect(await readFile(path, 'utf8')).toBe('a\n');
});

/** A name that is not UTF-8, as git lists it. */
const NO_TEXT = 'f\xe9.dat';

test('a name that is not UTF-8 is kept, and is reported, if it was ignored until the rewind', async () => {
  const { repo, worktreePath, keep, restore } = await checkpointScene();
  await using _ = repo;
  await writeFile(join(worktreePath, '.gitignore'), 'ignored/\n*.dat\n');
  const first = await keep(1);
  await writeFile(join(worktreePath, '.gitignore'), 'ignored/\n');
  await writeFile(pathAt(worktreePath, NO_TEXT), 'mine\n');
  await keep(2);
  await restore(first.commit, '1');
  expect(await readFile(pathAt(worktreePath, NO_TEXT), 'utf8')).toBe('mine\n');

  await rm(join(worktreePath, '.gitignore'));
  await rm(pathAt(worktreePath, NO_TEXT));
  const bare = await keep(3);
  await writeFile(join(worktreePath, '.gitignore'), '*.dat\n');
  await writeFile(pathAt(worktreePath, NO_TEXT), 'mine\n');
  expect((await restore(bare.commit, '2')).skipped).toEqual([readable(NO_TEXT)]);
  expect(await readFile(pathAt(worktreePath, NO_TEXT), 'utf8')).toBe('mine\n');
});

test('an ignored file in the way whose name is not UTF-8 is restored by the undo', async () => {
  const { repo, worktreePath, keep, restore } = await checkpointScene();
  await using _ = repo;
  const path = pathAt(worktreePath, NO_TEXT);
  await writeFile(path, 'then\n');
  const first = await keep(1);
  await rm(path);
  await writeFile(join(worktreePath, '.gitignore'), '*.dat\n');
  await keep(2);
  await mkdir(path);
  await writeFile(pathAt(worktreePath, `${NO_TEXT}/${NO_TEXT}`), 'ignored\n');
  const now = await contentsOf(worktreePath);
  const { undo } = await restore(first.commit, '1');
  expect(await readFile(path, 'utf8')).toBe('then\n');
  await restore(undo.commit, '2');
  expect(await contentsOf(worktreePath)).toEqual(now);
});

test('a folder that became a link out of the worktree is neither read nor written through', async () => {
  const { repo, worktreePath, keep, restore } = await checkpointScene({ files: { 'lib/a.txt': 'a\n' } });
  await using _ = repo;
  const outside = join(repo.root, 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'a.txt'), 'not ours\n');
  const first = await keep(1);
  await rm(join(worktreePath, 'lib'), { recursive: true });
  await symlink(outside, join(worktreePath, 'lib'));
  const linked = await keep(2);
  expect(await repo.git(['ls-tree', '-r', '--name-only', `${linked.commit}:worktree`])).toBe('lib');
  await restore(first.commit, '1');
  expect(await readFile(join(worktreePath, 'lib/a.txt'), 'utf8')).toBe('a\n');
  expect(await readFile(join(outside, 'a.txt'), 'utf8')).toBe('not ours\n');
  await restore(linked.commit, '2');
  expect(await readlink(join(worktreePath, 'lib'))).toBe(outside);
  expect(await contentsOf(outside)).toHaveProperty('a.txt');
});

test('nested repositories and files that are too large are not changed', async () => {
  const { repo, worktreePath, keep, restore } = await checkpointScene();
  await using _ = repo;
  const first = await keep(1);
  await mkdir(join(worktreePath, 'inner'));
  await repo.git(['init', '-q'], join(worktreePath, 'inner'));
  await writeFile(join(worktreePath, 'inner/file'), 'inner\n');
  await writeFile(join(worktreePath, 'huge.bin'), '');
  await truncate(join(worktreePath, 'huge.bin'), 51 * 1024 * 1024);
  const back = await restore(first.commit, '1');
  expect([...back.skipped].sort()).toEqual(['huge.bin', 'inner/']);
  expect(await contentsOf(worktreePath)).toHaveProperty('inner/file');
  expect(await contentsOf(worktreePath)).toHaveProperty('huge.bin');
});

test('a file that no checkpoint can contain is not overwritten: nothing changes, and it is named', async () => {
  const { repo, worktreePath, keep, restore } = await checkpointScene();
  await using _ = repo;
  await writeFile(join(worktreePath, 'b.bin'), 'small\n');
  await writeFile(join(worktreePath, 'c.txt'), 'c\n');
  const first = await keep(1);
  await truncate(join(worktreePath, 'b.bin'), 51 * 1024 * 1024);
  await rm(join(worktreePath, 'c.txt'));
  const then = await contentsOf(worktreePath);
  await expect(restore(first.commit, '1')).rejects.toMatchObject({ code: 'in_the_way' });
  expect(await contentsOf(worktreePath)).toEqual(then);
});

test('a missing checkpoint, and a branch that is checked out elsewhere, are reported before anything changes', async () => {
  const { repo, worktreePath, keep, restore } = await checkpointScene();
  await using _ = repo;
  const first = await keep(1);
  await expect(restore('0'.repeat(40), '1')).rejects.toMatchObject({ code: 'checkpoint_gone' });
  await writeFile(join(worktreePath, 'a.txt'), 'later\n');
  await repo.git(['checkout', '-q', '--detach'], worktreePath);
  await repo.git(['checkout', '-q', 'x']);
  await expect(restore(first.commit, '2')).rejects.toMatchObject({ code: 'branch_elsewhere' });
  expect(await readFile(join(worktreePath, 'a.txt'), 'utf8')).toBe('later\n');
});

test('an interrupted rewind continues, and its undo is still the state before the first attempt', async () => {
  const { repo, worktreePath, keep, restore } = await checkpointScene();
  await using _ = repo;
  const first = await keep(1);
  await writeFile(join(worktreePath, 'a.txt'), 'later\n');
  await writeFile(join(worktreePath, 'b.txt'), 'later\n');
  const later = await contentsOf(worktreePath);
  const back = await restore(first.commit, '1');
  await writeFile(join(worktreePath, 'b.txt'), 'half\n');
  const again = await restore(first.commit, '1');
  expect(again.undo).toEqual(back.undo);
  await restore(again.undo.commit, '2');
  expect(await contentsOf(worktreePath)).toEqual(later);
});

test('a merge in progress is abandoned, and the branch may have no commit at all', async () => {
  const { repo, worktreePath, keep, restore } = await checkpointScene();
  await using _ = repo;
  const first = await keep(1);
  await repo.commit('Theirs', { 'a.txt': 'theirs\n' });
  await writeFile(join(worktreePath, 'a.txt'), 'ours\n');
  await repo.git(['commit', '-q', '-a', '-m', 'Ours'], worktreePath);
  await expect(repo.git(['merge', 'main'], worktreePath)).rejects.toThrow('git merge');
  await restore(first.commit, '1');
  expect(await repo.git(['status', '--porcelain', '--branch'], worktreePath)).toBe('## x');
  await expect(repo.git(['rev-parse', '--verify', 'MERGE_HEAD'], worktreePath)).rejects.toThrow(
    'git rev-parse',
  );
});
