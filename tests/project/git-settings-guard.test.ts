import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runGit } from '../../src/project/git.ts';
import {
  changedGitSettings,
  readGitSettings,
  withoutNewPrograms,
} from '../../src/project/git-settings-guard.ts';
import { makeRepo } from '../support/temp-repo.ts';

async function scene() {
  const repo = await makeRepo({ files: { 'a.txt': 'a\n' } });
  const worktreePath = join(repo.root, 'tree');
  await repo.git(['worktree', 'add', '-q', worktreePath]);
  const commonDir = join(repo.path, '.git');
  const read = () => readGitSettings({ commonDir, worktreePath }, { baseEnv: repo.env });
  return { repo, worktreePath, commonDir, read, before: await read() };
}

test('ordinary work changes none of it', async () => {
  const { repo, worktreePath, read, before } = await scene();
  await using _ = repo;
  await writeFile(join(worktreePath, 'a.txt'), 'b\n');
  await repo.git(['commit', '-q', '-a', '-m', 'Work'], worktreePath);
  await repo.git(['gc', '-q']);
  expect(changedGitSettings(before, await read())).toEqual([]);
});

test('a setting, a hook, a rule and a turned worktree are each noticed by name', async () => {
  const { repo, worktreePath, commonDir, read, before } = await scene();
  await using _ = repo;
  await repo.git(['config', 'alias.st', '!evil'], worktreePath);
  await writeFile(join(commonDir, 'hooks/pre-commit'), '');
  await symlink('/evil', join(commonDir, 'hooks/post-merge'));
  await rm(join(commonDir, 'info/exclude'));
  await writeFile(join(worktreePath, '.git'), `gitdir: ${commonDir}/worktrees/tree\n# moved\n`);
  expect(changedGitSettings(before, await read())).toEqual([
    join(commonDir, 'config'),
    join(commonDir, 'hooks/post-merge'),
    join(commonDir, 'hooks/pre-commit'),
    join(commonDir, 'info/exclude'),
    join(worktreePath, '.git'),
  ]);
});

test('a filter that was planted is not run, one that was there is, and it stays the one that it was', async () => {
  const { repo, worktreePath, read } = await scene();
  await using _ = repo;
  const ran = (name: string) => join(repo.root, `ran-${name}`);
  const filter = (name: string) => `tee "${ran(name)}"`;
  await repo.git(['config', 'filter.mine.clean', filter('mine')]);
  const before = await read();
  await repo.git(['config', 'filter.mine.clean', filter('changed')]);
  await writeFile(
    join(repo.root, 'included'),
    `[filter "planted=too"]\n\tclean = "touch ${ran('planted')}; cat"\n\trequired = true\n`,
  );
  await repo.git(['config', 'include.path', join(repo.root, 'included')], worktreePath);
  await writeFile(join(worktreePath, '.gitattributes'), 'a.txt filter=planted=too\nb.txt filter=mine\n');
  await writeFile(join(worktreePath, 'a.txt'), 'changed\n');
  await writeFile(join(worktreePath, 'b.txt'), 'mine\n');
  const config = withoutNewPrograms(before, await read(), repo.env);
  await runGit(['add', '-A'], { cwd: worktreePath, baseEnv: repo.env, config });
  expect(await repo.git(['show', ':a.txt'], worktreePath)).toBe('changed');
  await expect(rm(ran('mine'))).resolves.toBeUndefined();
  await expect(rm(ran('planted'))).rejects.toThrow('ENOENT');
  await expect(rm(ran('changed'))).rejects.toThrow('ENOENT');
});
