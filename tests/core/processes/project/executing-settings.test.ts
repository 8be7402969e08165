// @module-tag ci
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  acceptedAt,
  changedExecuting,
  readExecuting,
} from '../../../../src/core/project/git/executing-settings.ts';
import { runGit } from '../../../../src/core/project/git/git.ts';
import { undoChanged } from '../../../../src/core/project/git/git-programs.ts';
import { asOrdinaryUser } from '../../../support/ordinary-user.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

async function scene() {
  const repo = await makeRepo({ files: { 'a.txt': 'a\n' } });
  const worktreePath = join(repo.root, 'tree');
  await repo.git(['worktree', 'add', '-q', worktreePath]);
  const commonDir = join(repo.path, '.git');
  const read = () => readExecuting({ commonDir, worktreePath }, { baseEnv: repo.env });
  return { repo, worktreePath, commonDir, read, before: await read() };
}

test('ordinary work and settings without programs do not count as a change', async () => {
  const { repo, worktreePath, commonDir, read, before } = await scene();
  await using _ = repo;
  await writeFile(join(worktreePath, 'a.txt'), 'b\n');
  await repo.git(['commit', '-q', '-a', '-m', 'Work'], worktreePath);
  await repo.git(['gc', '-q']);
  await repo.git(['remote', 'add', 'fork', 'https://example.invalid/x'], worktreePath);
  await repo.git(['config', 'alias.st', 'status'], worktreePath);
  await writeFile(join(commonDir, 'info/exclude'), 'dist\n');
  await writeFile(join(commonDir, 'info/attributes'), '* text\n');
  await writeFile(join(commonDir, 'hooks/pre-commit'), 'not executable');
  await writeFile(join(commonDir, 'hooks/pre-push.sample'), '', { mode: 0o755 });
  expect(changedExecuting(before, await read())).toEqual([]);
});

test('changed programs of git are named with their old and new values', async () => {
  const { repo, worktreePath, commonDir, read } = await scene();
  await using _ = repo;
  const hooks = join(commonDir, 'hooks');
  await repo.git(['config', 'core.pager', 'less']);
  await writeFile(join(hooks, 'pre-commit'), 'true', { mode: 0o755 });
  const before = await read();
  await repo.git(['config', 'core.hooksPath', '.husky/_'], worktreePath);
  await repo.git(['config', 'core.pager', 'evil \u001b[2J'], worktreePath);
  await repo.git(['config', '--global', 'alias.st', '!evil']);
  await chmod(join(hooks, 'pre-commit'), 0o644);
  await symlink('/evil', join(hooks, 'post-merge'));
  expect(changedExecuting(before, await read())).toEqual([
    `${join(hooks, 'post-merge')}: nothing -> a link to /evil`,
    expect.stringMatching(/hooks\/pre-commit: [0-9a-f]{64} -> nothing$/),
    'alias.st (outside of the repository): nothing -> !evil',
    'core.hookspath: nothing -> .husky/_',
    'core.pager: less -> evil \\u001b[2J',
  ]);
});

test.each<[string, (worktreePath: string) => Promise<unknown>]>([
  ['is gone', (path) => rm(path, { recursive: true })],
  ['has no .git any more', (path) => rm(join(path, '.git'))],
  ['has a broken .git', (path) => writeFile(join(path, '.git'), 'gitdir: /nowhere\n')],
])('a worktree that %s does not hide settings of the repository', async (_what, harm) => {
  const { repo, worktreePath, read } = await scene();
  await using _ = repo;
  await repo.git(['config', 'filter.mine.clean', 'mine']);
  await repo.git(['config', '--global', 'credential.helper', 'store']);
  const before = await read();
  await harm(worktreePath);
  expect(changedExecuting(before, await read())).toEqual([]);
  await repo.git(['config', 'filter.mine.clean', 'changed']);
  expect(changedExecuting(before, await read())).toEqual(['filter.mine.clean: mine -> changed']);
});

test('enabling settings of single worktrees changes none of the others', async () => {
  const { repo, read, worktreePath } = await scene();
  await using _ = repo;
  await repo.git(['config', 'filter.mine.clean', 'mine']);
  const before = await read();
  await repo.git(['config', 'extensions.worktreeConfig', 'true']);
  await repo.git(['config', '--worktree', 'core.sparseCheckout', 'false']);
  expect(changedExecuting(before, await read())).toEqual([]);
  await repo.git(['config', '--worktree', 'core.pager', 'evil'], worktreePath);
  expect(changedExecuting(before, await read())).toEqual(['core.pager: nothing -> evil']);
});

test('hooks in a configured folder are tracked by content, except those in the worktree', async () => {
  const { repo, read, worktreePath } = await scene();
  await using _ = repo;
  const hooks = join(repo.homeDir, 'hooks');
  await mkdir(hooks);
  await writeFile(join(hooks, 'pre-commit'), 'true', { mode: 0o755 });
  await repo.git(['config', 'core.hooksPath', '~/hooks']);
  const before = await read();
  await writeFile(join(hooks, 'pre-commit'), 'evil');
  const changed = changedExecuting(before, await read());
  expect(changed).toEqual([
    expect.stringMatching(/home.*\/hooks\/pre-commit: [0-9a-f]{64} -> [0-9a-f]{64}$/),
  ]);
  await repo.git(['config', 'core.hooksPath', join(worktreePath, 'hooks')]);
  const inside = await read();
  await mkdir(join(worktreePath, 'hooks'));
  await writeFile(join(worktreePath, 'hooks/pre-commit'), 'work', { mode: 0o755 });
  expect(changedExecuting(inside, await read())).toEqual([]);
});

test('a hook that this user may not read is tracked by name, and by content once it is readable', async () => {
  const { repo, commonDir, read } = await scene();
  await using _ = repo;
  const hook = join(commonDir, 'hooks/pre-commit');
  await writeFile(hook, '#!/bin/sh\n', { mode: 0o711 });
  await chmod(repo.root, 0o755);
  const unread = await asOrdinaryUser(read);
  expect(Object.keys(unread.hooks)).toEqual([hook]);
  await chmod(hook, 0o755);
  expect(changedExecuting(unread, await asOrdinaryUser(read))).toHaveLength(1);
});

test('accepted settings are recognized; with a damaged record no setting of the repository is accepted', async () => {
  const { repo, read } = await scene();
  await using _ = repo;
  await repo.git(['config', 'filter.mine.clean', 'mine']);
  await repo.git(['config', '--global', 'core.editor', 'nano']);
  const now = await read();
  const path = join(repo.root, 'git-settings.json');
  await writeFile(path, JSON.stringify(now));
  expect(await acceptedAt(path, now)).toEqual(now);
  await writeFile(path, '{"repository"');
  expect(changedExecuting(await acceptedAt(path, now), now)).toEqual(['filter.mine.clean: nothing -> mine']);
});

test('a planted filter is not run, while an earlier one is, in its original form', async () => {
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
  const config = undoChanged(before, await read(), repo.env);
  await runGit(['add', '-A'], { cwd: worktreePath, baseEnv: repo.env, config });
  expect(await repo.git(['show', ':a.txt'], worktreePath)).toBe('changed');
  await expect(rm(ran('mine'))).resolves.toBeUndefined();
  await expect(rm(ran('planted'))).rejects.toThrow('ENOENT');
  await expect(rm(ran('changed'))).rejects.toThrow('ENOENT');
});
