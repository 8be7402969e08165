import { randomBytes } from 'node:crypto';
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { namesAt } from '../../../../../src/core/kernel/files/path-stats.ts';
import { runCommand } from '../../../../../src/core/kernel/processes/run-command.ts';
import { type Checkpoint, keepCheckpoint } from '../../../../../src/core/project/checkpoints/checkpoint.ts';
import { openStore } from '../../../../../src/core/project/checkpoints/checkpoint-store.ts';
import { documentsIn, takeTree } from '../../../../../src/core/project/checkpoints/take-files.ts';
import { checkpointScene } from '../../../../support/checkpoint-scene.ts';
import { ci } from '../../../../support/ci.ts';
import { EffectCounter } from '../../../../support/counted.ts';
import type { TempRepo } from '../../../../support/temp-repo.ts';
import { IDENTITY } from '../../../../support/temp-repo.ts';

test(
  'changed, new and deleted files and the documents are saved, and nothing in the worktree changes',
  ci,
  async () => {
    const { repo, worktreePath, keep, filesOf } = await checkpointScene();
    await using _ = repo;
    await writeFile(join(worktreePath, 'a.txt'), 'changed\n');
    await writeFile(join(worktreePath, 'new ü.txt'), 'new\n');
    await mkdir(join(worktreePath, 'ignored'));
    await writeFile(join(worktreePath, 'ignored/x'), '');
    await repo.git(['rm', '-q', '.gitignore', '--cached'], worktreePath);
    const before = await repo.git(['status', '--porcelain'], worktreePath);
    const kept = await keep(1);
    expect(kept).toMatchObject({ kind: 'kept', ref: 'refs/samocode/26-01-08-x/001', skipped: [] });
    expect(await filesOf(kept.commit)).toEqual([
      'session/_overview.md',
      'worktree/.gitignore',
      'worktree/a.txt',
      '"worktree/new \\303\\274.txt"',
    ]);
    expect(await repo.git(['show', `${kept.ref}:worktree/a.txt`])).toBe('changed');
    expect(await repo.git(['status', '--porcelain'], worktreePath)).toBe(before);
    expect(await repo.git(['rev-parse', `${kept.commit}^`])).toBe(await repo.git(['rev-parse', 'x']));
    expect(await repo.git(['status', '--porcelain'])).toBe('');
  },
);

test('no checkpoint is created without changes', async () => {
  const { repo, worktreePath, sessionDir, keep } = await checkpointScene();
  await using _ = repo;
  const first = await keep(1);
  expect(await keep(2)).toEqual({ ...first, kind: 'same' });
  await writeFile(join(sessionDir, '_overview.md'), '# Another\n');
  expect(await keep(3)).toMatchObject({ kind: 'kept', ref: 'refs/samocode/26-01-08-x/003' });
  await repo.git(['commit', '-q', '--allow-empty', '-m', 'Only a commit'], worktreePath);
  expect(await keep(4)).toMatchObject({ kind: 'kept' });
});

test('before an agent, only a worktree that differs from the newest checkpoint needs another one', async () => {
  const { repo, worktreePath, sessionDir, place, keep } = await checkpointScene();
  await using _ = repo;
  const before = (last: Checkpoint) =>
    keepCheckpoint({ ...place, moment: { kind: 'before', iteration: 9 }, last, areDocumentsSame: true });
  const huge = join(worktreePath, 'huge.bin');
  await writeFile(huge, '');
  await truncate(huge, 51 * 1024 * 1024);
  const first = await keep(1);
  await writeFile(join(sessionDir, '_overview.md'), '# Another\n');
  const indexes = expect.any(Object);
  expect(await before(first)).toEqual({ ...first, kind: 'same', newlySkipped: [], indexes });
  // A file that used to be too large: it is stored nowhere else.
  await truncate(huge, 1);
  const second = await before(first);
  expect(second).toMatchObject({ kind: 'kept', ref: 'refs/samocode/26-01-08-x/009-before', skipped: [] });
  expect(await repo.git(['show', `${second.commit}:session/_overview.md`])).toBe('# Another');
  await rm(join(worktreePath, 'a.txt'));
  const third = await before(second);
  expect(third.kind).toBe('kept');
  await repo.git(['commit', '-q', '--allow-empty', '-m', 'Only a commit'], worktreePath);
  expect((await before(third)).kind).toBe('kept');
});

test('a rewound worktree does not equal the previous checkpoint', async () => {
  const { repo, worktreePath, place, keep, restore } = await checkpointScene();
  await using _ = repo;
  const first = await keep(1);
  await writeFile(join(worktreePath, 'new.txt'), 'new\n');
  const last = await keep(2);
  await restore(first.commit, '17');
  const before = { moment: { kind: 'before', iteration: 3 }, last, areDocumentsSame: true } as const;
  expect((await keepCheckpoint({ ...place, ...before })).kind).toBe('kept');
});

test('a worker that starts later finds the newest checkpoint, and does not name again what it leaves out', async () => {
  const { repo, worktreePath, place, keep } = await checkpointScene();
  await using _ = repo;
  // The person's git shows and writes text in another encoding.
  for (const key of ['commitEncoding', 'logOutputEncoding'])
    await repo.git(['config', `i18n.${key}`, 'ISO-8859-1']);
  const huge = 'größe\n.bin';
  await writeFile(join(worktreePath, huge), '');
  await truncate(join(worktreePath, huge), 51 * 1024 * 1024);
  expect(await keep(8)).toMatchObject({ kind: 'kept', newlySkipped: [huge] });
  await writeFile(join(worktreePath, 'a.txt'), 'changed\n');
  await keepCheckpoint({ ...place, moment: { kind: 'before', iteration: 9 } });
  const ended = await keepCheckpoint({ ...place, moment: { kind: 'before', iteration: 10 } });
  expect(ended).toMatchObject({ kind: 'same', ref: 'refs/samocode/26-01-08-x/009-before', newlySkipped: [] });
  await writeFile(join(worktreePath, 'a.txt'), 'changed again\n');
  expect(await keep(9)).toMatchObject({ kind: 'kept', newlySkipped: [] });
  expect(await keep(10)).toMatchObject({ kind: 'same', ref: 'refs/samocode/26-01-08-x/009' });
});

test('huge files and nested repositories are left out and named', async () => {
  const { repo, worktreePath, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  await writeFile(join(worktreePath, 'huge [1].bin'), '');
  await truncate(join(worktreePath, 'huge [1].bin'), 51 * 1024 * 1024);
  await mkdir(join(worktreePath, 'inner'));
  await repo.git(['init', '-q'], join(worktreePath, 'inner'));
  await writeFile(join(worktreePath, 'small.txt'), '');
  await symlink('/nowhere', join(worktreePath, 'link'));
  const kept = await keep(1);
  expect([...kept.skipped].sort()).toEqual(['huge [1].bin', 'inner/']);
  expect(await filesOf(kept.commit)).toEqual(expect.arrayContaining(['worktree/small.txt', 'worktree/link']));
  expect(await filesOf(kept.commit)).not.toContain('worktree/huge [1].bin');
});

test('a merge with conflicts is saved with both sides, and is not changed', async () => {
  const { repo, worktreePath, keep } = await checkpointScene();
  await using _ = repo;
  await repo.commit('Theirs', { 'a.txt': 'theirs\n' });
  await writeFile(join(worktreePath, 'a.txt'), 'ours\n');
  await repo.git(['commit', '-q', '-a', '-m', 'Ours'], worktreePath);
  await expect(repo.git(['merge', 'main'], worktreePath)).rejects.toThrow('git merge');
  const kept = await keep(1);
  expect(await repo.git(['show', `${kept.ref}:worktree/a.txt`])).toContain('=======');
  expect(await repo.git(['status', '--porcelain'], worktreePath)).toContain('UU a.txt');
});

test('a checkpoint is created without any identity', async () => {
  const { repo, keep } = await checkpointScene();
  await using _ = repo;
  await repo.git(['config', '--remove-section', 'user']);
  expect(await keep(1)).toMatchObject({ kind: 'kept' });
});

test('a worktree whose branch is gone from the checkout is saved too', async () => {
  const { repo, worktreePath, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  await repo.git(['checkout', '-q', '--orphan', 'fresh'], worktreePath);
  await rm(join(worktreePath, 'a.txt'));
  const kept = await keep(1);
  expect(await filesOf(kept.commit)).toEqual(['session/_overview.md', 'worktree/.gitignore']);
  expect(await repo.git(['rev-parse', `${kept.commit}^`])).toBe(await repo.git(['rev-parse', 'x']));
});

test('a folder that lost its .git file is saved, and not mistaken for the enclosing repository', async () => {
  const { repo, worktreePath, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  await repo.commit('Of the repository around it', { 'around.txt': '' });
  await rm(join(worktreePath, '.git'));
  const kept = await keep(1);
  expect(await filesOf(kept.commit)).toEqual([
    'session/_overview.md',
    'worktree/.gitignore',
    'worktree/a.txt',
  ]);
  expect(await repo.git(['rev-parse', `${kept.commit}^`])).toBe(await repo.git(['rev-parse', 'x']));
});

test('a checkpoint interrupted after the files were saved is not mistaken for a complete one', async () => {
  const { repo, worktreePath, keep, place } = await checkpointScene();
  await using _ = repo;
  await keep(1);
  await writeFile(join(worktreePath, 'a.txt'), 'new\n');
  const store = await openStore(place);
  await takeTree(store, { part: 'worktree', folder: worktreePath });
  const kept = await keep(2);
  expect(kept.kind).toBe('kept');
  expect(await repo.git(['show', `${kept.ref}:worktree/a.txt`])).toBe('new');
});

test('a file that a commit tracks against an ignore rule is in the next checkpoint', async () => {
  const { repo, worktreePath, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  await keep(1);
  await mkdir(join(worktreePath, 'ignored'));
  await writeFile(join(worktreePath, 'ignored/forced'), 'tracked\n');
  await repo.git(['add', '-f', 'ignored/forced'], worktreePath);
  await repo.git(['commit', '-q', '-m', 'Work'], worktreePath);
  const { commit } = await keep(2);
  expect(await filesOf(`${commit}:worktree`)).toEqual(['.gitignore', 'a.txt', 'ignored/forced']);
});

test('files rewritten with the same bytes do not count as a change, and are read until they settle', async () => {
  const { repo, worktreePath, place, keep } = await checkpointScene();
  await using _ = repo;
  const path = join(worktreePath, 'a.txt');
  await keep(1);
  await writeFile(path, 'a\n');
  await utimes(path, 1, 1);
  expect((await keep(2)).kind).toBe('same');
  await keepCheckpoint({ ...place, moment: { kind: 'before', iteration: 3 } });
  const { mtime } = await stat(path);
  const index = ['ls-files', '--debug', 'a.txt'];
  const env = {
    ...repo.env,
    GIT_DIR: place.storeDir,
    GIT_INDEX_FILE: join(place.storeDir, 'worktree.index'),
  };
  const { stdout } = await runCommand('git', index, { cwd: worktreePath, env });
  expect(stdout).toContain(`mtime: ${mtime.getTime() / 1000}:`);
});

test('temporary files are only in the checkpoints taken while they existed', async () => {
  const { repo, worktreePath, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  const at = (name: string) => join(worktreePath, name);
  await keep(1);
  await writeFile(at('b.txt'), 'b\n');
  await rm(at('a.txt'));
  const second = await keep(2);
  await rm(at('b.txt'));
  await writeFile(at('a.txt'), 'a\n');
  const third = await keep(3);
  await writeFile(at('.gitignore'), 'ignored/\nc.txt\n');
  await writeFile(at('c.txt'), 'ignored\n');
  const fourth = await keep(4);
  expect(await filesOf(`${second.commit}:worktree`)).toEqual(['.gitignore', 'b.txt']);
  expect(await filesOf(`${third.commit}:worktree`)).toEqual(['.gitignore', 'a.txt']);
  expect(await repo.git(['show', `${third.commit}:worktree/a.txt`])).toBe('a');
  expect(await filesOf(`${fourth.commit}:worktree`)).toEqual(['.gitignore', 'a.txt']);
});

test('changed bytes with the same size and time are saved', async () => {
  const { repo, worktreePath, keep } = await checkpointScene();
  await using _ = repo;
  const path = join(worktreePath, 'a.txt');
  await keep(1);
  await writeFile(path, 'one\n');
  await keep(2);
  const { atime, mtime } = await stat(path);
  await writeFile(path, 'two\n');
  await utimes(path, atime, mtime);
  expect(await repo.git(['show', `${(await keep(3)).ref}:worktree/a.txt`])).toBe('two');
});

test('a folder that becomes a file, and a file that becomes a folder, are saved as such', async () => {
  const { repo, worktreePath, keep, filesOf } = await checkpointScene({
    files: { 'd/e/f': '1\n', g: '2\n' },
  });
  await using _ = repo;
  await keep(1);
  await rm(join(worktreePath, 'd'), { recursive: true });
  await writeFile(join(worktreePath, 'd'), '3\n');
  await rm(join(worktreePath, 'g'));
  await mkdir(join(worktreePath, 'g'));
  await writeFile(join(worktreePath, 'g/h'), '4\n');
  const { commit } = await keep(2);
  expect(await filesOf(`${commit}:worktree`)).toEqual(['d', 'g/h']);
});

test('names that are not UTF-8 are saved byte for byte', async () => {
  const { repo, worktreePath, keep } = await checkpointScene();
  await using _ = repo;
  const name = Buffer.from([0x66, 0xff, 0x0a, 0x22, 0x5c, 0xe9]);
  await keep(1);
  await writeFile(Buffer.concat([Buffer.from(`${worktreePath}/`), name]), 'odd\n');
  const { commit } = await keep(2);
  expect(await repo.git(['ls-tree', '-r', '--name-only', `${commit}:worktree`])).toContain(
    '"f\\377\\n\\"\\\\\\351"',
  );
});

test('many changes at once are saved like a few', async () => {
  const { repo, worktreePath, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  await keep(1);
  for (let index = 0; index < 1100; index += 1)
    await writeFile(join(worktreePath, `n${index}`), `${index}\n`);
  const many = await keep(2);
  await writeFile(join(worktreePath, 'n7'), 'other\n');
  const one = await keep(3);
  expect(await filesOf(`${many.commit}:worktree`)).toHaveLength(1102);
  expect(await repo.git(['diff', '--name-only', many.commit, one.commit])).toBe('worktree/n7');
});

test('files larger than a megabyte are saved without being read into memory', async () => {
  const { repo, worktreePath, sessionDir, keep } = await checkpointScene();
  await using _ = repo;
  const name = '- large\n"file"';
  await keep(1);
  await writeFile(join(worktreePath, name), 'x'.repeat(3_000_000));
  await writeFile(join(sessionDir, 'large.md'), 'y'.repeat(2_000_000));
  const { commit } = await keep(2);
  expect(await repo.git(['cat-file', '-s', `${commit}:worktree/${name}`])).toBe('3000000');
  expect(await repo.git(['cat-file', '-s', `${commit}:session/large.md`])).toBe('2000000');
});

test("planted pipes, git's own names and links at the paths of its files block no checkpoint", async () => {
  const { repo, worktreePath, sessionDir, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  await keep(1);
  await symlink('a.txt', join(worktreePath, '.gitmodules'));
  await mkdir(join(worktreePath, 'sub/.GIT'), { recursive: true });
  await writeFile(join(worktreePath, 'sub/.GIT/config'), '');
  await repo.git(['init', '-q', join(sessionDir, 'sub')]);
  await rm(join(worktreePath, 'a.txt'));
  await runCommand('mkfifo', [join(worktreePath, 'a.txt'), join(sessionDir, 'pipe.md')]);
  const kept = await keep(2);
  expect([...kept.skipped].sort()).toEqual(
    ['.gitmodules', 'a.txt', `${sessionDir}/sub/`, 'sub/.GIT/config'].sort(),
  );
  expect(await filesOf(kept.commit)).toEqual(['session/_overview.md', 'worktree/.gitignore']);
  expect((await keep(3)).kind).toBe('same');
});

test('after a gc deleted checkpoints and their objects, the next one is complete again', async () => {
  const { repo, worktreePath, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  await writeFile(join(worktreePath, 'new.txt'), 'new\n');
  await keep(1);
  await rm(join(repo.path, '.git/refs/samocode'), { recursive: true });
  await repo.git(['gc', '-q', '--prune=now']);
  const second = await keep(2);
  expect(await filesOf(`${second.commit}:worktree`)).toEqual(['.gitignore', 'a.txt', 'new.txt']);
  await repo.git(['fsck', '--strict']);
});

/** A git in front of PATH; as soon as a commit is made, and looked through, an object of it is gone as by `git prune`. */
async function pruningGit(
  { root, path, env }: TempRepo,
  object: string,
  how: 'once' | 'always',
): Promise<void> {
  const file = join(path, '.git/objects', object.slice(0, 2), object.slice(2));
  const once = join(root, 'pruned');
  const prunes = `rm '${file}'${how === 'once' ? ` && touch '${once}'` : ''}`;
  const script = `#!/bin/sh
PATH='${env.PATH}'
case "$*" in *rev-list*) [ -e '${once}' ] || { ${prunes}; } ;; esac
exec git "$@"
`;
  await mkdir(join(root, 'bin'));
  await writeFile(join(root, 'bin/git'), script, { mode: 0o755 });
  env.PATH = `${join(root, 'bin')}:${env.PATH}`;
}

test('a checkpoint of which a garbage collection takes a file at that moment is made again', async () => {
  const { repo, worktreePath, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  await writeFile(join(worktreePath, 'new.txt'), 'new\n');
  await pruningGit(repo, await repo.git(['hash-object', 'new.txt'], worktreePath), 'once');
  const { commit } = await keep(1);
  expect(await filesOf(`${commit}:worktree`)).toEqual(['.gitignore', 'a.txt', 'new.txt']);
  expect(namesAt(repo.root)).toContain('pruned');
  await repo.git(['gc', '-q']);
});

test('no ref names a checkpoint that a garbage collection has made incomplete, and git can collect again', async () => {
  const { repo, worktreePath, keep } = await checkpointScene();
  await using _ = repo;
  await writeFile(join(worktreePath, 'new.txt'), 'new\n');
  await pruningGit(repo, await repo.git(['hash-object', 'new.txt'], worktreePath), 'always');
  await expect(keep(1)).rejects.toMatchObject({ code: 'git_damaged' });
  expect(await repo.git(['for-each-ref', 'refs/samocode'])).toBe('');
  await repo.git(['gc', '-q', '--prune=now']);
});

test('a branch whose commit is gone prevents no checkpoint, and the attempts leave nothing behind', async () => {
  const { repo, worktreePath, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  await keep(1);
  await writeFile(join(repo.path, '.git/refs/heads/x'), `${'1'.repeat(40)}\n`);
  await writeFile(join(worktreePath, 'a.txt'), 'changed\n');
  const before = await readdir(join(repo.path, '.git'));
  const { commit } = await keep(2);
  expect(await filesOf(`${commit}:worktree`)).toEqual(['.gitignore', 'a.txt']);
  expect(await repo.git(['show', `${commit}:worktree/a.txt`])).toBe('changed');
  expect(await repo.git(['log', '--format=%P', '-1', commit])).toBe('');
  expect(await readdir(join(repo.path, '.git'))).toEqual(before);
});

/** A scene with a checkpoint that its caller made, and the programs that the next one starts. */
async function keptTwice(files: Readonly<Record<string, string>> = {}) {
  const scene = await checkpointScene();
  const first = await scene.keep(1);
  const second = async () => {
    for (const [name, text] of Object.entries(files)) await writeFile(join(scene.worktreePath, name), text);
    using counter = new EffectCounter('second');
    const plan = { ...scene.place, moment: { kind: 'after', iteration: 2 }, last: first } as const;
    const kept = await keepCheckpoint(plan);
    return { kept, programs: counter.list('second').map((line) => /git (?:-c \S+ )*(\S+)/.exec(line)?.[1]) };
  };
  return { ...scene, first, second };
}

const LISTS = ['ls-files', 'ls-files', 'ls-files'];

test('while nothing has changed, git only lists: neither trees nor refs are asked for again', async () => {
  const { repo, first, second } = await keptTwice();
  await using _ = repo;
  const { kept, programs } = await second();
  expect(kept).toEqual({ ...first, kind: 'same', newlySkipped: [] });
  expect(programs).toEqual(LISTS);
});

test('of two folders, git writes the tree of the one that has changed', async () => {
  const { repo, second } = await keptTwice({ 'a.txt': 'changed\n' });
  await using _ = repo;
  const { kept, programs } = await second();
  expect(await repo.git(['show', `${kept.commit}:worktree/a.txt`])).toBe('changed');
  const making = ['rev-list', 'update-ref'];
  expect(programs).toEqual([...LISTS, 'config', 'update-index', 'write-tree', ...making]);
});

test('git is asked for refs that are packed, and for a branch that has moved', async () => {
  const { repo, worktreePath, first, second } = await keptTwice();
  await using _ = repo;
  await repo.git(['pack-refs', '--all', '--prune']);
  expect(await second()).toMatchObject({
    kept: { kind: 'same' },
    programs: [...LISTS, 'cat-file', 'write-tree', 'write-tree'],
  });
  await repo.git(['commit', '-q', '--allow-empty', '-m', 'Only a commit'], worktreePath);
  const { kept, programs } = await second();
  expect(programs).toContain('cat-file');
  expect(kept.parents).toEqual([await repo.git(['rev-parse', 'x'])]);
  expect(kept.parents).not.toEqual(first.parents);
});

test('a checkpoint whose ref and objects are gone is not taken for the newest one, which is complete again', async () => {
  const { repo, filesOf, second } = await keptTwice();
  await using _ = repo;
  await rm(join(repo.path, '.git/refs/samocode'), { recursive: true });
  await repo.git(['gc', '-q', '--prune=now']);
  const { kept } = await second();
  expect(kept.kind).toBe('kept');
  expect(await filesOf(`${kept.commit}:worktree`)).toEqual(['.gitignore', 'a.txt']);
  await repo.git(['fsck', '--strict']);
});

test('a commit that is gone under a branch that stays prevents no checkpoint', async () => {
  const { repo, filesOf, first, second } = await keptTwice({ 'a.txt': 'changed\n' });
  await using _ = repo;
  const [commit = ''] = first.parents;
  await rm(join(repo.path, '.git/objects', commit.slice(0, 2), commit.slice(2)));
  const { kept } = await second();
  expect(await filesOf(`${kept.commit}:worktree`)).toEqual(['.gitignore', 'a.txt']);
  expect(await repo.git(['log', '--format=%P', '-1', kept.commit])).toBe('');
});

test('the files of a tree are the same from its own files as from git, which is asked for packed and damaged ones', async () => {
  const { repo, place, sessionDir, keep } = await checkpointScene();
  await using _ = repo;
  await mkdir(join(sessionDir, 'a/b'), { recursive: true });
  await writeFile(join(sessionDir, 'a/b/größe.md'), '');
  const { sessionTree } = await keep(1);
  const store = await openStore(place);
  const asked = async () => {
    using counter = new EffectCounter('documents');
    return { documents: await documentsIn(store, sessionTree), ...counter.of('documents') };
  };
  const loose = await asked();
  expect(loose.programs).toBe(0);
  const other = await repo.git(['rev-parse', 'HEAD^{tree}']);
  const fileOf = (id: string) => join(repo.path, '.git/objects', id.slice(0, 2), id.slice(2));
  const bytes = await readFile(fileOf(sessionTree));
  await chmod(fileOf(sessionTree), 0o600);
  await writeFile(fileOf(sessionTree), await readFile(fileOf(other)));
  await expect(asked()).rejects.toMatchObject({ code: expect.stringMatching(/^git_/) });
  await writeFile(fileOf(sessionTree), bytes);
  await repo.git(['gc', '-q']);
  expect(await asked()).toEqual({ ...loose, programs: 1 });
});

test('a repository created at the path of the worktree is saved, and its commit is not used', async () => {
  const { repo, worktreePath, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  await keep(1);
  await rename(join(worktreePath, '.git'), join(repo.root, 'pointer'));
  await repo.git(['init', '-q'], worktreePath);
  await repo.git([...IDENTITY, 'commit', '-q', '--allow-empty', '-m', 'Of another one'], worktreePath);
  await writeFile(join(worktreePath, 'new.txt'), 'new\n');
  const { commit } = await keep(2);
  expect(await filesOf(`${commit}:worktree`)).toEqual(['.gitignore', 'a.txt', 'new.txt']);
  expect(await repo.git(['rev-parse', `${commit}^`])).toBe(await repo.git(['rev-parse', 'x']));
});

test('the documents are files and links of any name, but not what only the worker writes', async () => {
  const { repo, place, sessionDir, keep } = await checkpointScene();
  await using _ = repo;
  const files = [
    '.a.draft',
    'session.log',
    '_inbox/read/1.md',
    '_archive/old.md',
    'a/_logs/kept.md',
    'b/c/d.md',
    'a "quoted\\name".md',
    'line\nbreak.md',
    'größe.md',
  ];
  for (const name of files) {
    await mkdir(dirname(join(sessionDir, name)), { recursive: true });
    await writeFile(join(sessionDir, name), name);
  }
  await symlink('/etc/passwd', join(sessionDir, 'link.md'));
  await writeFile(join(sessionDir, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
  await writeFile(join(sessionDir, 'größer.png'), randomBytes(1024 * 1024 + 1));
  await writeFile(Buffer.concat([Buffer.from(join(sessionDir, 'latin-')), Buffer.from([0xe9])]), '');
  await repo.git(['init', '-q', join(sessionDir, 'other')]);
  const { sessionTree, skipped } = await keep(1);
  expect(skipped).toEqual([join(sessionDir, 'other/')]);
  const documents = await documentsIn(await openStore(place), sessionTree);
  const also = ['_overview.md', 'größer.png', 'latin-\uFFFD', 'link.md', 'run.sh'];
  expect(documents.map(({ name }) => name).sort()).toEqual([...files.slice(3), ...also].sort());
  const modeOf = (name: string) => documents.find((each) => each.name === name)?.mode;
  expect(['_overview.md', 'link.md', 'run.sh'].map(modeOf)).toEqual(['100644', '120000', '100755']);
});

test.each([undefined, 'sha256'] as const)(
  'git finds nothing wrong with a checkpoint, which has the rights of the folder of objects (%s)',
  async (objectFormat) => {
    const { repo, keep } = await checkpointScene({ objectFormat });
    await using _ = repo;
    const objects = join(repo.path, '.git/objects');
    await chmod(objects, 0o750);
    const { commit, sessionTree, worktreeTree } = await keep(1);
    expect(await repo.git(['fsck', '--strict', '--full', '--no-dangling'])).toBe('');
    const entries = `040000 tree ${sessionTree}\tsession\n040000 tree ${worktreeTree}\tworktree`;
    expect(await repo.git(['ls-tree', commit])).toBe(entries);
    expect(await repo.git(['log', '-1', '--format=%an %ae, %cn %ce: %B', commit])).toBe(
      'samocode samocode@localhost, samocode samocode@localhost: Checkpoint of 26-01-08-x after iteration 1',
    );
    const { mode } = await stat(join(objects, commit.slice(0, 2), commit.slice(2)));
    expect(mode & 0o777).toBe(0o440);
    // A garbage collection takes no object that is named anew.
    const tree = await repo.git(['rev-parse', `${commit}^{tree}`]);
    const file = join(objects, tree.slice(0, 2), tree.slice(2));
    await utimes(file, 0, 0);
    await repo.git(['update-ref', '-d', 'refs/samocode/26-01-08-x/001']);
    await keep(1);
    expect((await stat(file)).mtimeMs).toBeGreaterThan(0);
  },
);

test('a repository with SHA-256 names, and one with packed refs, work the same', async () => {
  const { repo, worktreePath, keep } = await checkpointScene({ objectFormat: 'sha256' });
  await using _ = repo;
  await keep(1);
  await repo.git(['pack-refs', '--all', '--prune']);
  expect((await keep(2)).kind).toBe('same');
  await writeFile(join(worktreePath, 'a.txt'), 'changed\n');
  const { commit, worktreeTree } = await keep(3);
  expect(await repo.git(['rev-parse', `${commit}:worktree`])).toBe(worktreeTree);
  expect(await repo.git(['show', `${commit}:worktree/a.txt`])).toBe('changed');
});
