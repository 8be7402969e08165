import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../src/base/run-command.ts';
import { openRefFiles } from '../../src/project/ref-files.ts';
import { checkpointScene } from '../support/checkpoint-scene.ts';

async function scene() {
  const { repo, worktreePath } = await checkpointScene();
  const commonDir = join(repo.path, '.git');
  const open = () => openRefFiles(commonDir, worktreePath);
  return { repo, worktreePath, commonDir, open };
}

test('HEAD, a branch and a tag are read as git reads them, loose or packed', async () => {
  const { repo, worktreePath, open } = await scene();
  await using _ = repo;
  await repo.git(['commit', '-q', '--allow-empty', '-m', 'Work'], worktreePath);
  await repo.git(['tag', 'v1', 'main']);
  const names = ['HEAD', 'refs/heads/x', 'refs/heads/main', 'refs/tags/v1'];
  for (const pack of [false, true]) {
    if (pack) await repo.git(['pack-refs', '--all', '--prune']);
    const files = await open();
    for (const name of names) {
      expect(await files?.commitAt(name), name).toBe(await repo.git(['rev-parse', name], worktreePath));
    }
  }
});

test('what is not there is undefined: a name, a branch without a commit, the beginning of another name', async () => {
  const { repo, worktreePath, open } = await scene();
  await using _ = repo;
  await repo.git(['pack-refs', '--all', '--prune']);
  await repo.git(['checkout', '-q', '--orphan', 'fresh'], worktreePath);
  const files = await open();
  for (const name of ['HEAD', 'refs/heads/none', 'refs/heads/mai', 'refs/heads', 'refs/heads/main/below']) {
    expect(await files?.commitAt(name), name).toBeUndefined();
  }
});

test('a detached HEAD is the commit itself', async () => {
  const { repo, worktreePath, open } = await scene();
  await using _ = repo;
  await repo.git(['checkout', '-q', '--detach'], worktreePath);
  expect(await (await open())?.commitAt('HEAD')).toBe(await repo.git(['rev-parse', 'main']));
});

test('names that lead elsewhere, circles and nonsense are left to git', async () => {
  const { repo, commonDir, open } = await scene();
  await using _ = repo;
  const files = await open();
  await writeFile(join(commonDir, 'refs/heads/circle'), 'ref: refs/heads/circle\n');
  await writeFile(join(commonDir, 'refs/heads/nonsense'), 'no commit\n');
  await writeFile(join(commonDir, 'refs/heads/out'), 'ref: refs/../../../etc/passwd\n');
  for (const name of ['circle', 'nonsense', 'out']) {
    await expect(files?.commitAt(`refs/heads/${name}`), name).rejects.toThrow('plain means');
  }
  await expect(files?.commitAt('refs/bisect/bad')).rejects.toThrow("can't be read");
});

test('a folder that is no worktree of this repository is left to git', async () => {
  const { repo, worktreePath, open } = await scene();
  await using _ = repo;
  const pointer = join(worktreePath, '.git');
  await rm(pointer);
  expect(await open()).toBeUndefined();
  await mkdir(pointer);
  expect(await open()).toBeUndefined();
  await rm(pointer, { recursive: true });
  await symlink(join(repo.path, '.git'), pointer);
  expect(await open()).toBeUndefined();
  await rm(pointer);
  await runCommand('mkfifo', [pointer]);
  expect(await open()).toBeUndefined();
  await rm(pointer);
  await writeFile(pointer, `gitdir: ${repo.root}\n`);
  expect(await open()).toBeUndefined();
});

test('refs that are kept in tables are left to git', async () => {
  const { repo, commonDir, open } = await scene();
  await using _ = repo;
  await writeFile(join(commonDir, 'HEAD'), 'ref: refs/heads/.invalid\n');
  expect(await open()).toBeUndefined();
});
