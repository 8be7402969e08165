// @module-tag ci
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { listWorktrees } from '../../../../src/core/project/git/worktree-list.ts';
import { inspectWorktree } from '../../../../src/core/project/worktrees/inspect-worktree.ts';
import { removeWorktree } from '../../../../src/core/project/worktrees/remove-worktree.ts';
import { ensureWorktree } from '../../../../src/core/project/worktrees/worktree.ts';
import { halfWritten, SLOW, SLOW_FILES } from '../../../support/slow-checkout.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo, type RepoPlan, type TempRepo } from '../../../support/temp-repo.ts';

interface Scene extends AsyncDisposable {
  repo: TempRepo;
  base: string;
  path: string;
  make(plan?: {
    branch?: string;
    worktreePath?: string;
    baseCommit?: string;
  }): ReturnType<typeof ensureWorktree>;
  inspect(): ReturnType<typeof inspectWorktree>;
  remove(): ReturnType<typeof removeWorktree>;
}

/** A repository, and a path inside it (the usual layout) for a worktree. */
async function scene(plan?: RepoPlan): Promise<Scene> {
  const repo = await makeRepo(plan);
  const base = await repo.git(['rev-parse', 'HEAD']);
  const path = join(repo.path, '_samocode/worktrees/26-01-08-login');
  const place = { mainRepo: repo.path, worktreePath: path, baseEnv: repo.env };
  return {
    repo,
    base,
    path,
    make: (wanted) => ensureWorktree({ ...place, branch: 'login', baseCommit: base, ...wanted }),
    inspect: () => inspectWorktree(place),
    remove: () => removeWorktree(place),
    [Symbol.asyncDispose]: () => repo[Symbol.asyncDispose](),
  };
}

const branches = async ({ repo }: Scene) =>
  (await repo.git(['for-each-ref', '--format=%(refname:short)', 'refs/heads'])).split('\n');

test('a new worktree has a new branch at the base, and the main checkout is unchanged', async () => {
  await using at = await scene();
  await at.repo.commit('Later');
  expect(await at.make()).toEqual({
    kind: 'created',
    path: at.path,
    branch: 'login',
    head: at.base,
    baseCommit: at.base,
  });
  expect(await at.repo.git(['branch', '--show-current'])).toBe('main');
  expect(await at.inspect()).toEqual({
    kind: 'present',
    branch: 'login',
    head: at.base,
    uncommitted: [],
    found: [],
    unreachedCommits: 0,
  });
});

test('both paths may contain spaces and any letters', async () => {
  await using at = await scene({ folder: 'mein Projekt ✓' });
  const worktreePath = join(at.repo.root, 'Arbeits kopien/26-01-08-größe');
  expect(await at.make({ worktreePath, branch: 'größe' })).toMatchObject({
    kind: 'created',
    path: worktreePath,
  });
  await writeFile(join(worktreePath, 'neu ü.txt'), '');
  const reading = await inspectWorktree({ mainRepo: at.repo.path, worktreePath, baseEnv: at.repo.env });
  expect(reading).toMatchObject({ uncommitted: [{ kind: 'untracked', path: 'neu ü.txt' }], branch: 'größe' });
});

test('an existing branch is attached with its commits, and the base is its fork point', async () => {
  await using at = await scene();
  await at.repo.git(['checkout', '-q', '-b', 'login']);
  const head = await at.repo.commit('Work', { 'work.txt': '1' });
  await at.repo.git(['checkout', '-q', 'main']);
  const baseCommit = await at.repo.commit('Elsewhere');
  expect(await at.make({ baseCommit })).toMatchObject({ kind: 'attached', head, baseCommit: at.base });
});

test('an existing worktree is kept with everything in it', async () => {
  await using at = await scene();
  await at.make();
  await writeFile(join(at.path, 'draft.txt'), 'half done');
  expect(await at.make()).toMatchObject({ kind: 'kept' });
  expect(await readFile(join(at.path, 'draft.txt'), 'utf8')).toBe('half done');
});

test('a worktree whose folder vanished is recreated from its branch', async () => {
  await using at = await scene();
  await at.make();
  await at.repo.git(['commit', '-q', '--allow-empty', '-m', 'Work'], at.path);
  const head = await at.repo.git(['rev-parse', 'login']);
  await rm(at.path, { recursive: true });
  expect(await at.inspect()).toEqual({ kind: 'missing' });
  expect(await at.make()).toMatchObject({ kind: 'attached', head, baseCommit: at.base });
});

test('a branch that is checked out elsewhere is refused, and the error says where', async () => {
  await using at = await scene();
  const other = join(at.repo.root, 'other');
  await at.repo.git(['worktree', 'add', '-q', '-b', 'login', other]);
  await expect(at.make()).rejects.toMatchObject({
    code: 'branch_in_use',
    why: expect.stringContaining(other),
  });
  await rm(other, { recursive: true });
  await expect(at.make()).rejects.toMatchObject({ hint: expect.stringContaining('git worktree prune') });
  await at.repo.git(['worktree', 'prune']);
  await expect(at.make({ branch: 'main' })).rejects.toMatchObject({ code: 'branch_in_use' });
});

test('an occupied folder is not touched', async () => {
  await using at = await scene();
  await mkdir(at.path, { recursive: true });
  await writeFile(join(at.path, 'mine.txt'), 'mine');
  await expect(at.make()).rejects.toMatchObject({ code: 'worktree_folder_taken' });
  expect(await readFile(join(at.path, 'mine.txt'), 'utf8')).toBe('mine');
  expect(await branches(at)).toEqual(['main']);
});

test('a worktree on another branch is not switched', async () => {
  await using at = await scene();
  await at.make();
  await at.repo.git(['checkout', '-q', '-b', 'detour'], at.path);
  await expect(at.make()).rejects.toMatchObject({ why: expect.stringContaining('"detour"') });
});

test('a branch name that git cannot create next to another one is refused with both names', async () => {
  await using at = await scene();
  await at.repo.git(['branch', 'team']);
  await expect(at.make({ branch: 'team/login' })).rejects.toMatchObject({ code: 'branch_name_blocked' });
  await at.repo.git(['branch', 'login/old']);
  await expect(at.make()).rejects.toThrow('the branch "login" and the branch "login/old" together');
});

test('a checkout that fails leaves no branch behind', async () => {
  await using at = await scene({ files: { 'a.txt': 'a', '.gitattributes': '*.txt filter=broken' } });
  await at.repo.git(['config', 'filter.broken.smudge', 'false']);
  await at.repo.git(['config', 'filter.broken.required', 'true']);
  await expect(at.make()).rejects.toMatchObject({ code: 'git_failed' });
  expect(await branches(at)).toEqual(['main']);
  expect(await at.inspect()).toEqual({ kind: 'missing' });
});

test('a folder inside MAIN_REPO that lost its .git file is never mistaken for the worktree', async () => {
  await using at = await scene();
  await at.make();
  await rm(join(at.path, '.git'));
  expect(await at.inspect()).toEqual({ kind: 'foreign', problem: 'Its .git file is gone.' });
  expect(await at.remove()).toMatchObject({ kind: 'foreign' });
  expect(await readFile(join(at.path, 'README.md'), 'utf8')).toBe('# A project\n');
});

test('a worktree that another git is creating is waited for', async () => {
  await using at = await scene();
  const halfMade = join(at.repo.path, '.git/worktrees/26-01-08-logout');
  await at.repo.write({
    '.git/worktrees/26-01-08-logout/gitdir': `${join(at.path, '../26-01-08-logout/.git')}\n`,
    '.git/worktrees/26-01-08-logout/HEAD': `${at.base}\n`,
    '.git/worktrees/26-01-08-logout/commondir': '',
  });
  // git 2.39 fails while it exists.
  const making = at.make();
  await systemClock.sleep(300);
  await rm(halfMade, { recursive: true });
  expect(await making).toMatchObject({ kind: 'created', branch: 'login' });
});

/** A git whose first `worktree add` makes its branch, and is then disturbed by another git. */
const DISTURBED = `#!/bin/sh
for word; do
  [ "$word" = -b ] && isNew=yes
done
if [ "$isNew" = yes ] && mkdir "$0.once" 2>/dev/null; then
  PATH=\${PATH#*:} git branch --no-track BRANCH BASE
  echo "fatal: failed to read .git/worktrees/other/commondir: Success" >&2
  exit 128
fi
PATH=\${PATH#*:} exec git "$@"
`;

test('a worktree is added although another git disturbed the first try, which had made the branch', async () => {
  await using at = await scene();
  const bin = join(at.repo.root, 'bin');
  const text = DISTURBED.replace('BRANCH', 'login').replace('BASE', at.base);
  await mkdir(bin);
  await writeFile(join(bin, 'git'), text, { mode: 0o755 });
  const baseEnv = { ...at.repo.env, PATH: `${bin}:${at.repo.env.PATH ?? process.env.PATH}` };
  const plan = { mainRepo: at.repo.path, worktreePath: at.path, branch: 'login', baseCommit: at.base };
  expect(await ensureWorktree({ ...plan, baseEnv })).toMatchObject({ kind: 'created', head: at.base });
  expect(await readdir(bin)).toContain('git.once');
});

test.each([
  "fatal: Invalid path '/code/shop/.git/worktrees/trial': No such file or directory",
  "fatal: could not create directory of '.git/worktrees/login': No such file or directory",
])('git is asked again when another git removes a worktree meanwhile: %s', async (said) => {
  await using at = await scene();
  await using programs = await tempDir();
  const git = join(programs.path, 'git');
  const once = `if [ ! -e '${programs.path}/failed' ]; then : >'${programs.path}/failed'; echo "${said}" >&2; exit 128; fi`;
  await writeFile(git, `#!/bin/sh\n${once}\nPATH='${process.env.PATH}' exec git "$@"\n`, { mode: 0o755 });
  const env = { ...at.repo.env, PATH: programs.path };
  expect(await listWorktrees(at.repo.path, { baseEnv: env })).toMatchObject([{ branch: 'main' }]);
});

test('a worktree whose own settings name another folder as its top is foreign', async () => {
  await using at = await scene();
  await at.make();
  await at.repo.git(['config', 'extensions.worktreeConfig', 'true']);
  const elsewhere = join(at.repo.root, 'elsewhere');
  await mkdir(elsewhere);
  await at.repo.git(['config', '--worktree', 'core.worktree', elsewhere], at.path);
  expect(await at.inspect()).toMatchObject({ kind: 'foreign' });
});

test("a worktree whose .git file names another one's git folder is foreign", async () => {
  await using at = await scene();
  await at.make();
  const other = join(at.repo.root, 'other');
  await at.repo.git(['worktree', 'add', '-q', other]);
  await writeFile(join(at.path, '.git'), `gitdir: ${join(at.repo.path, '.git/worktrees/other')}\n`);
  expect(await at.inspect()).toMatchObject({ kind: 'foreign' });
});

test('links, other repositories and MAIN_REPO itself are refused as foreign', async () => {
  await using at = await scene();
  await using stranger = await makeRepo();
  await mkdir(join(at.path, '..'), { recursive: true });
  await symlink(stranger.path, at.path);
  expect(await at.inspect()).toMatchObject({ kind: 'foreign', problem: expect.stringContaining('link') });
  const placeOf = (worktreePath: string) => ({ mainRepo: at.repo.path, worktreePath, baseEnv: at.repo.env });
  expect(await inspectWorktree(placeOf(stranger.path))).toMatchObject({
    problem: expect.stringContaining('another'),
  });
  expect(await removeWorktree(placeOf(at.repo.path))).toMatchObject({ kind: 'foreign' });
});

test('a clean worktree is removed and its branch is kept', async () => {
  await using at = await scene();
  await at.make();
  expect(await at.remove()).toEqual({ kind: 'removed' });
  expect(await at.inspect()).toEqual({ kind: 'missing' });
  expect(await branches(at)).toEqual(['login', 'main']);
  expect(await at.remove()).toEqual({ kind: 'absent' });
});

test('a worktree with changes, new files or loose commits is not removed, and each is named', async () => {
  await using at = await scene();
  await at.make();
  await at.repo.git(['config', 'status.showUntrackedFiles', 'no']);
  await writeFile(join(at.path, 'README.md'), 'changed');
  await writeFile(join(at.path, 'new file.txt'), '');
  await at.repo.git(['checkout', '-q', '--detach'], at.path);
  await at.repo.git(['commit', '-q', '--allow-empty', '-m', 'Loose'], at.path);
  expect(await at.remove()).toEqual({
    kind: 'would_lose',
    uncommitted: [
      { kind: 'changed', path: 'README.md' },
      { kind: 'untracked', path: 'new file.txt' },
    ],
    unreachedCommits: 1,
  });
  expect(await readFile(join(at.path, 'README.md'), 'utf8')).toBe('changed');
});

test('a change that git is configured to ignore prevents the removal of a worktree', async () => {
  const files = { 'a b.txt': 'a', 'größe\nzwei.txt': 'b', 'same.txt': 'c', 'gone.txt': 'd' };
  await using at = await scene({ files });
  await at.make();
  await at.repo.git(['update-index', '--assume-unchanged', 'a b.txt', 'same.txt'], at.path);
  await at.repo.git(['update-index', '--skip-worktree', 'größe\nzwei.txt', 'gone.txt'], at.path);
  await rm(join(at.path, 'gone.txt'));
  await writeFile(join(at.path, 'a b.txt'), 'A');
  await writeFile(join(at.path, 'größe\nzwei.txt'), 'B');
  expect(await at.remove()).toEqual({
    kind: 'would_lose',
    uncommitted: [
      { kind: 'hidden', path: 'a b.txt' },
      { kind: 'hidden', path: 'größe\nzwei.txt' },
    ],
    unreachedCommits: 0,
  });
  expect(await readFile(join(at.path, 'a b.txt'), 'utf8')).toBe('A');
  await writeFile(join(at.path, 'a b.txt'), 'a');
  await writeFile(join(at.path, 'größe\nzwei.txt'), 'b');
  expect(await at.remove()).toEqual({ kind: 'removed' });
});

test('removing a worktree whose folder vanished drops its registration and no other', async () => {
  await using at = await scene();
  await at.make();
  const other = join(at.repo.root, 'on another disk');
  await at.repo.git(['worktree', 'add', '-q', '--detach', other]);
  await rm(at.path, { recursive: true });
  await rm(other, { recursive: true });
  expect(await at.remove()).toEqual({ kind: 'absent' });
  const list = await at.repo.git(['worktree', 'list', '--porcelain']);
  expect(list).not.toContain(at.path);
  expect(list).toContain(other);
});

test('a checkout whose git was killed is started again, and no partial one is left', async () => {
  await using at = await scene(SLOW_FILES);
  await at.repo.write({ [`../${SLOW}`]: '' });
  await at.repo.git(['branch', 'login']);
  const add = ['worktree', 'add', '--quiet', at.path, 'login'];
  const git = spawn('git', add, { cwd: at.repo.path, env: at.repo.env, detached: true, stdio: 'ignore' });
  await halfWritten((name) => name.startsWith('file-'), at.path);
  process.kill(-(git.pid ?? 0), 'SIGKILL');
  await once(git, 'exit');
  await rm(join(at.repo.root, SLOW));
  expect(await at.make()).toMatchObject({ kind: 'attached', head: at.base });
  expect(await at.inspect()).toMatchObject({ kind: 'present', uncommitted: [] });
  expect(await readdir(dirname(at.path))).toEqual(['26-01-08-login']);
});

test('a locked worktree is not removed', async () => {
  await using at = await scene();
  await at.make();
  await at.repo.git(['worktree', 'lock', '--reason', 'on a stick', at.path]);
  await expect(at.remove()).rejects.toMatchObject({
    code: 'worktree_locked',
    why: expect.stringContaining('on a stick'),
  });
  expect(await at.inspect()).toMatchObject({ kind: 'present' });
});
