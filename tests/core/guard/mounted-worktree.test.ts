import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { ci } from '../../support/ci.ts';
import { makeProject } from '../../support/project.ts';

test.each([
  ['below it', 'my data'],
  ['on it', '.'],
])('a worktree with something mounted %s is not removed, and nothing of it is deleted', ci, async (_, at) => {
  const { repo, worktreesDir } = await makeProject();
  await using _repo = repo;
  const path = join(worktreesDir, '26-01-08-login');
  await repo.git(['worktree', 'add', '-q', path]);
  // samocode made it for a session that is gone.
  await repo.git(['update-ref', `refs/samocode/26-01-08-login-${'0'.repeat(26)}/000`, 'HEAD']);
  await writeFile(join(repo.path, '.git/info/exclude'), '/my data\n/_samocode\n');
  const mount = join(path, at);
  await mkdir(mount, { recursive: true });
  // The mount is visible only in the namespace of this command.
  const source = at === '.' ? path : join(repo.root, 'photos');
  await mkdir(source, { recursive: true });
  await writeFile(join(source, 'README.md'), '# A project\n');
  const prune = async (...mounts: string[]) => {
    const { cli } = await builtPrograms();
    const args = ['--dev-bind', '/', '/', ...mounts, process.execPath, cli, 'worktrees', '--prune', '--json'];
    const { stdout } = await runCommand('bwrap', args, { cwd: repo.path, env: repo.env });
    return JSON.parse(stdout);
  };
  expect(await prune('--bind', source, mount)).toMatchObject({
    removed: [],
    worktrees: [{ path, kept: `${mount} is a mount point, which cannot be deleted with the worktree.` }],
  });
  expect(await readFile(join(source, 'README.md'), 'utf8')).toBe('# A project\n');
  expect(await prune()).toMatchObject({ removed: [path], worktrees: [] });
});
