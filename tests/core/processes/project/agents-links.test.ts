// @module-tag ci
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Checkpoint, keepCheckpoint } from '../../../../src/core/project/checkpoints/checkpoint.ts';
import { withSkipped } from '../../../../src/core/project/checkpoints/checkpoint-refs.ts';
import { openStore } from '../../../../src/core/project/checkpoints/checkpoint-store.ts';
import { moveBranch } from '../../../../src/core/project/checkpoints/move-branch.ts';
import { documentsIn } from '../../../../src/core/project/checkpoints/take-files.ts';
import { type CheckpointScene, checkpointScene } from '../../../support/checkpoint-scene.ts';
import { asOrdinaryUser } from '../../../support/ordinary-user.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=P', '-c', 'user.email=p@e.invalid', ...args], {
    cwd,
    encoding: 'utf8',
  }).trim();

async function scene() {
  const dir = await tempDir();
  const main = join(dir.path, 'repo');
  const sessionDir = join(dir.path, 'sessions/boat');
  mkdirSync(main);
  mkdirSync(sessionDir, { recursive: true });
  git(main, 'init', '-q', '-b', 'main');
  git(main, 'config', 'user.name', 'P');
  git(main, 'config', 'user.email', 'p@e.invalid');
  git(main, 'commit', '-q', '--allow-empty', '-m', 'First');
  return { dir, main, sessionDir };
}

test('a branch that is a symbolic ref is not written through when a rewind moves it', async () => {
  const { dir, main } = await scene();
  await using _ = dir;
  const worktreePath = join(dir.path, 'wt');
  git(main, 'worktree', 'add', '-q', '-b', 'samocode/boat', worktreePath);
  git(worktreePath, 'commit', '-q', '--allow-empty', '-m', 'evil');
  const commit = git(worktreePath, 'rev-parse', 'HEAD');
  const before = git(main, 'rev-parse', 'main');
  writeFileSync(join(main, '.git/refs/heads/samocode/boat'), 'ref: refs/heads/main\n');
  await moveBranch({
    mainRepo: main,
    worktreePath,
    branch: 'samocode/boat',
    commit,
    baseEnv: process.env,
  }).catch(() => {});
  expect(git(main, 'rev-parse', 'main')).toBe(before);
});

test('an index that is a link is not written through when a rewind resets it', async () => {
  const { dir, main } = await scene();
  await using _ = dir;
  const worktreePath = join(dir.path, 'wt');
  git(main, 'worktree', 'add', '-q', '-b', 'samocode/boat', worktreePath);
  const index = join(main, '.git/worktrees/wt/index');
  execFileSync('rm', ['-f', index]);
  const target = join(dir.path, 'planted');
  symlinkSync(target, index);
  const commit = git(main, 'rev-parse', 'main');
  await moveBranch({
    mainRepo: main,
    worktreePath,
    branch: 'samocode/boat',
    commit,
    baseEnv: process.env,
  }).catch(() => {});
  expect(lstatSync(target, { throwIfNoEntry: false })).toBeUndefined();
});

async function documentsOf({ sessionTree }: Checkpoint, place: CheckpointScene['place']) {
  return await documentsIn(await openStore(place), sessionTree);
}

test('documents whose names differ only in case are both kept, whatever the repository sets', async () => {
  const { repo, sessionDir, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  await repo.git(['config', 'core.ignorecase', 'true']);
  for (const name of ['Notes.md', 'notes.md']) await writeFile(join(sessionDir, name), `${name}\n`);
  const { commit } = await keep(1);
  expect(await filesOf(`${commit}:session`)).toEqual(expect.arrayContaining(['Notes.md', 'notes.md']));
});

test('documents whose objects were lost with their refs are kept again', async () => {
  const { repo, sessionDir, worktreePath, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  await writeFile(join(sessionDir, 'plan.md'), 'a plan\n');
  await keep(1);
  await repo.git(['update-ref', '-d', 'refs/samocode/26-01-08-x/001']);
  await repo.git(['gc', '-q', '--prune=now']);
  await writeFile(join(worktreePath, 'a.txt'), 'changed\n');
  const { commit } = await keep(2);
  expect(await filesOf(`${commit}:session`)).toContain('plan.md');
  expect(await repo.git(['show', `${commit}:session/plan.md`])).toBe('a plan');
});

test('large documents with a carriage return in the name have their own bytes', async () => {
  const { repo, sessionDir, place, keep } = await checkpointScene();
  await using _ = repo;
  const large = (byte: number) => Buffer.alloc(1024 * 1024 + 1, byte);
  await writeFile(join(sessionDir, 'big'), large(1));
  await writeFile(join(sessionDir, 'big\r'), large(2));
  const documents = await documentsOf(await keep(1), place);
  const ids = ['big', 'big\r'].map((name) => documents.find((each) => each.name === name)?.id);
  expect(new Set(ids)).toHaveProperty('size', 2);
  expect(ids).not.toContain(undefined);
});

test('documents of more than 32 MB in all are kept like few', async () => {
  const { repo, sessionDir, place, keep } = await checkpointScene();
  await using _ = repo;
  for (let at = 0; at < 40; at += 1)
    await writeFile(join(sessionDir, `${at}.bin`), Buffer.alloc(1024 * 1024, at));
  const documents = await documentsOf(await keep(1), place);
  expect(new Set(documents.map(({ id }) => id)).size).toBe(documents.length);
});

test('folders that cannot be read or are nested too deeply prevent no checkpoint, and are named', async () => {
  const { repo, sessionDir, keep } = await checkpointScene();
  await using _ = repo;
  const nested =
    "for (let i = 0; i < 30; i++) { fs.mkdirSync('d'.repeat(200)); process.chdir('d'.repeat(200)); }";
  execFileSync(process.execPath, ['-e', nested], { cwd: sessionDir });
  await mkdir(join(sessionDir, 'closed'), { mode: 0 });
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', '65534', repo.root]);
  const { skipped } = await asOrdinaryUser(() => keep(1));
  expect(skipped).toContain(join(sessionDir, 'closed/'));
  expect(skipped.some((name) => name.includes('dddd'))).toBe(true);
  execFileSync('rm', ['-rf', sessionDir]);
});

test('a repository that an agent has made in the session folder runs nothing, and hides no document', async () => {
  const { repo, worktreePath, sessionDir, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  const marker = join(repo.root, 'it-ran');
  await repo.git(['config', 'filter.crypt.smudge', 'tr a b']);
  await writeFile(join(sessionDir, 'victim.txt'), 'x\n');
  await writeFile(join(sessionDir, 'plan.md'), 'a plan\n');
  await repo.git(['init', '-q'], sessionDir);
  await writeFile(join(sessionDir, '.git/info/exclude'), '*\n');
  await writeFile(join(sessionDir, '.gitattributes'), 'plan.md filter=crypt\nvictim.txt filter=evil\n');
  await repo.git(['add', '-f', 'plan.md', 'victim.txt'], sessionDir);
  await repo.git(['config', 'filter.evil.clean', `touch ${marker}; cat`], sessionDir);
  await writeFile(join(sessionDir, 'victim.txt'), 'y\n');
  await writeFile(join(worktreePath, 'a.txt'), 'changed\n');
  const { commit, skipped } = await keep(1);
  expect(skipped).toEqual([join(sessionDir, 'plan.md')]);
  expect(await filesOf(`${commit}:session`)).toEqual(['.gitattributes', '_overview.md', 'victim.txt']);
  expect(existsSync(marker)).toBe(false);
});

test.each<[string, (folder: string) => unknown]>([
  ['gone', (folder) => rm(folder, { recursive: true })],
  ['a file', async (folder) => [await rm(folder, { recursive: true }), await writeFile(folder, '')]],
  ['closed', (folder) => chmod(folder, 0)],
])('the worktree is kept while the session folder is %s, which is named', async (_what, spoil) => {
  const { repo, worktreePath, sessionDir, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  await keep(1);
  await writeFile(join(worktreePath, 'new.txt'), 'work\n');
  await spoil(sessionDir);
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', '65534', repo.root]);
  const { commit, skipped } = await asOrdinaryUser(() => keep(2));
  execFileSync('chmod', ['-R', 'u+rwx', repo.root]);
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', '0', repo.root]);
  expect(skipped).toEqual([sessionDir]);
  expect(await filesOf(`${commit}:worktree`)).toContain('new.txt');
});

test('what takes the place of the logs or the messages is no document', async () => {
  const { repo, sessionDir, keep, filesOf } = await checkpointScene();
  await using _ = repo;
  await rm(join(sessionDir, '_logs'), { recursive: true });
  await symlink('/etc', join(sessionDir, '_logs'));
  await writeFile(join(sessionDir, '_inbox'), '');
  const { commit } = await keep(1);
  expect(await filesOf(`${commit}:session`)).toEqual(['_overview.md']);
});

test('a list of left-out files that is too long for a message is not in it', () => {
  expect(withSkipped('Checkpoint', ['inner/'])).toBe('Checkpoint\n\n["inner/"]');
  expect(withSkipped('Checkpoint', ['\x01'.repeat(200_000)])).toBe('Checkpoint');
});

test('a commit that an agent puts in the place of the newest checkpoint is not taken for it', async () => {
  const { repo, worktreePath, place, keep } = await checkpointScene();
  await using _ = repo;
  const first = await keep(1);
  await writeFile(join(worktreePath, 'a.txt'), 'changed\n');
  const apart = { storeDir: join(repo.root, 'apart'), sessionFolder: 'apart' };
  const moment = { kind: 'after', iteration: 1 } as const;
  const { commit } = await keepCheckpoint({ ...place, ...apart, moment });
  await repo.git(['replace', first.commit, commit]);
  expect(await keep(2)).toMatchObject({ kind: 'kept', ref: 'refs/samocode/26-01-08-x/002' });
});
