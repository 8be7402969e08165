// @module-tag ci
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { gitLine, gitSaysYes, readRecords, runGit } from '../../../../src/core/project/git/git.ts';
import { commitOf, isAncestor } from '../../../../src/core/project/git/repository.ts';
import { childEnvironment, unsignedGit } from '../../../../src/core/sandbox/programs/environment.ts';
import { KilledGit } from '../../../support/killed-git.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

test('git runs in the given folder, whatever characters its path contains', async () => {
  await using repo = await makeRepo({ folder: 'mein projekt ✓ ü' });
  const top = await gitLine(['rev-parse', '--show-toplevel'], { cwd: repo.path, baseEnv: repo.env });
  expect(top).toBe(repo.path);
});

test('no program named by a repository is run', async () => {
  await using repo = await makeRepo({ files: { 'a.txt': 'one\n', '.gitattributes': '*.txt diff=evil\n' } });
  const trap = join(repo.root, 'trap.sh');
  const caught = join(repo.root, 'caught');
  await mkdir(caught);
  await mkdir(join(repo.root, 'hooks'));
  await writeFile(trap, `#!/bin/sh\ntouch "${caught}/$$"\ncat "$@" 2>/dev/null\nexit 0\n`, { mode: 0o755 });
  for (const hook of ['pre-commit', 'post-checkout', 'post-commit', 'reference-transaction']) {
    await writeFile(join(repo.root, 'hooks', hook), `#!/bin/sh\ntouch "${caught}/${hook}"\n`, {
      mode: 0o755,
    });
  }
  const planted = {
    'core.hooksPath': join(repo.root, 'hooks'),
    'core.fsmonitor': trap,
    'core.pager': trap,
    'core.editor': trap,
    'gpg.program': trap,
    'commit.gpgSign': 'true',
    'log.showSignature': 'true',
    'diff.external': trap,
    'diff.evil.command': trap,
    'diff.evil.textconv': trap,
  };
  for (const [key, value] of Object.entries(planted)) await repo.git(['config', key, value]);
  await repo.write({ 'a.txt': 'two\n' });
  const options = { cwd: repo.path, baseEnv: repo.env };
  const diff = await runGit(['diff'], options);
  await runGit(['status', '--porcelain'], options);
  await runGit(['commit', '--quiet', '-a', '-m', 'Change'], options);
  const log = await runGit(['log', '-p'], options);
  await runGit(['worktree', 'add', '--quiet', join(repo.root, 'tree')], options);
  expect(diff.stdout).toContain('+two');
  expect(log.stdout).toContain('+two');
  expect(await readdir(caught)).toEqual([]);
});

test('variables that point to another repository are ignored', async () => {
  await using repo = await makeRepo();
  await using other = await makeRepo({ files: { 'other.txt': '' } });
  const baseEnv = {
    ...repo.env,
    GIT_DIR: join(other.path, '.git'),
    GIT_WORK_TREE: other.path,
    GIT_INDEX_FILE: join(other.path, '.git/index'),
  };
  const options = { cwd: repo.path, baseEnv };
  expect(await gitLine(['ls-files'], options)).toBe('README.md');
});

test.each<[string, Record<string, string>, string]>([
  [
    'in numbered variables',
    { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'user.name', GIT_CONFIG_VALUE_0: 'Ada' },
    'Ada',
  ],
  ['as parameters of an outer git', { GIT_CONFIG_PARAMETERS: "'user.name'='Ada'" }, 'Ada'],
  [
    'except where ours, which come last, differ',
    { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'core.editor', GIT_CONFIG_VALUE_0: 'vi' },
    'Test Person',
  ],
  [
    'except incomplete ones',
    { GIT_CONFIG_COUNT: '2', GIT_CONFIG_KEY_0: 'user.name', GIT_CONFIG_VALUE_0: 'Ada' },
    'Test Person',
  ],
  ['except with a count that is not a number', { GIT_CONFIG_COUNT: 'many' }, 'Test Person'],
])("git's settings by environment hold, %s", async (_how, env, name) => {
  await using repo = await makeRepo();
  const options = { cwd: repo.path, baseEnv: { ...repo.env, ...env } };
  expect(await gitLine(['config', 'user.name'], options)).toBe(name);
  expect(await gitLine(['config', 'core.editor'], options)).toBe('true');
  const config: [string, string][] = [['user.email', 'ada@example.invalid']];
  expect(await gitLine(['config', 'user.email'], { ...options, config })).toBe('ada@example.invalid');
  expect(await gitLine(['config', 'user.name'], { ...options, config })).toBe(name);
  const child = childEnvironment({ ...repo.env, ...env }, { sessionUlid: 'x', iteration: 1 });
  const asked = await runCommand('git', ['config', 'user.name'], { cwd: repo.path, env: child });
  expect(asked.stdout.trim()).toBe(name);
  const unsigned = { ...child, ...unsignedGit(child) };
  const signs = await runCommand('git', ['config', 'commit.gpgSign'], { cwd: repo.path, env: unsigned });
  expect(signs.stdout.trim()).toBe('false');
});

test("a question is answered by git's exit status", async () => {
  await using repo = await makeRepo();
  const options = { cwd: repo.path, baseEnv: repo.env };
  expect(await gitSaysYes(['rev-parse', '--verify', '--quiet', 'main'], options)).toBe(true);
  expect(await gitSaysYes(['rev-parse', '--verify', '--quiet', 'gone'], options)).toBe(false);
});

test('a question that git cannot answer is no no', async () => {
  await using repo = await makeRepo();
  const options = { cwd: repo.path, baseEnv: repo.env };
  const asked = gitSaysYes(['merge-base', '--is-ancestor', 'gone', 'HEAD'], options);
  await expect(asked).rejects.toMatchObject({ code: 'git_failed' });
});

const KILLED = { code: 'git_killed', message: expect.stringContaining('nothing was concluded from it') };

test('a git that a signal ended has answered nothing, whatever failure is taken for an answer', async () => {
  await using repo = await makeRepo();
  await using dir = await tempDir();
  const killed = await KilledGit.in(dir.path);
  const baseEnv = { ...repo.env, PATH: killed.pathBefore(repo.env.PATH) };
  const options = { cwd: repo.path, baseEnv, allowFailure: true };
  await killed.killEach('status --ignore-submodules');
  await expect(runGit(['status'], options)).rejects.toMatchObject(KILLED);
  await expect(readRecords(['status'], options, () => true)).rejects.toMatchObject(KILLED);
  await killed.killEach('rev-parse --verify --quiet');
  const asked = gitSaysYes(['rev-parse', '--verify', '--quiet', 'HEAD'], options);
  await expect(asked).rejects.toMatchObject(KILLED);
  await killed.killEach('cat-file --batch-check');
  await expect(commitOf('HEAD', options)).rejects.toMatchObject(KILLED);
  await expect(isAncestor('HEAD', 'HEAD', options)).resolves.toBe(true);
  await killed.killEach('merge-base --is-ancestor');
  await expect(isAncestor('HEAD', 'HEAD', options)).rejects.toMatchObject(KILLED);
});

test('a git that only reads is started again after a signal ended it', async () => {
  await using repo = await makeRepo();
  await using dir = await tempDir();
  const killed = await KilledGit.in(dir.path);
  await killed.killFirstOf(['rev-parse --verify']);
  const options = { cwd: repo.path, baseEnv: { ...repo.env, PATH: killed.pathBefore(repo.env.PATH) } };
  expect(await gitLine(['rev-parse', '--verify', 'HEAD'], options)).toBe(
    await repo.git(['rev-parse', 'HEAD']),
  );
});

test('a git that we end ourselves has answered as far as it was read; a stop is a stop', async () => {
  await using repo = await makeRepo();
  const options = { cwd: repo.path, baseEnv: repo.env, allowFailure: true } as const;
  const endless = ['-c', 'alias.endless=!yes', 'endless'];
  const lines: string[] = [];
  const untilThree = (line: string) => lines.push(line) < 3;
  expect(await readRecords(endless, options, untilThree, '\n')).toBe(0);
  const cut = await runGit(endless, { ...options, maxChars: 1000, mayBeCut: true });
  expect([cut.cut, cut.stdout.slice(0, 4)]).toEqual([true, 'y\ny\n']);
  const stop = new AbortController();
  const taken = readRecords(
    endless,
    { ...options, signal: stop.signal },
    () => stop.abort(new Error('stop')),
    '\n',
  );
  await expect(taken).rejects.toThrow('stop');
});

test('a commit that is not here is in no history, and has none: after a forced push, and in a shallow clone', async () => {
  await using repo = await makeRepo();
  const second = await repo.commit('Second');
  const first = await repo.git(['rev-parse', 'HEAD^']);
  const shallow = join(repo.root, 'shallow');
  await repo.git(['clone', '--quiet', '--depth=1', `file://${repo.path}`, shallow], repo.root);
  const here = { cwd: repo.path, baseEnv: repo.env };
  const there = { cwd: shallow, baseEnv: repo.env };
  const forced = '1'.repeat(40);
  expect(await isAncestor(first, second, here)).toBe(true);
  expect(await isAncestor(second, first, here)).toBe(false);
  expect(await isAncestor(forced, second, here)).toBe(false);
  expect(await isAncestor(second, forced, here)).toBe(false);
  expect(await isAncestor(first, second, there)).toBe(false);
});

test('git receives the given input', async () => {
  await using repo = await makeRepo();
  const hash = await gitLine(['hash-object', '--stdin'], {
    cwd: repo.path,
    baseEnv: repo.env,
    input: 'hi\n',
  });
  expect(hash).toBe('45b983be36b73c0788dc9cbcb76cbb80fc7bb057');
});

test("a failure has samocode's own message, which quotes what git said", async () => {
  await using dir = await tempDir();
  const options = { cwd: dir.path, baseEnv: { PATH: process.env.PATH, GIT_CEILING_DIRECTORIES: dir.path } };
  await expect(runGit(['status'], options)).rejects.toMatchObject({
    code: 'git_not_a_repository',
    message: expect.stringContaining('not a git working copy. git said: fatal: not a git repository'),
    cause: expect.objectContaining({ message: expect.stringContaining('fatal: not a git repository') }),
  });
});

test('a missing git and a missing folder are distinguished', async () => {
  await using dir = await tempDir();
  await expect(runGit(['status'], { cwd: dir.path, baseEnv: { PATH: dir.path } })).rejects.toMatchObject({
    code: 'git_missing',
  });
  await expect(
    runGit(['status'], { cwd: join(dir.path, 'gone'), baseEnv: { PATH: process.env.PATH } }),
  ).rejects.toMatchObject({
    code: 'git_no_folder',
  });
});

test('a held lock is reported as such', async () => {
  await using repo = await makeRepo();
  await writeFile(join(repo.path, '.git/index.lock'), '');
  await repo.write({ 'new.txt': 'x' });
  await expect(runGit(['add', '-A'], { cwd: repo.path, baseEnv: repo.env })).rejects.toMatchObject({
    code: 'git_locked',
  });
});

test('a git call that takes too long is ended', async () => {
  await using repo = await makeRepo();
  const baseEnv = { ...repo.env, GIT_SSH_COMMAND: 'sleep 30 #' };
  await expect(
    runGit(['ls-remote', 'ssh://nowhere.invalid/x'], { cwd: repo.path, baseEnv, timeoutMs: 300 }),
  ).rejects.toMatchObject({ code: 'git_timeout' });
});

test("an aborted call throws the signal's reason", async () => {
  await using repo = await makeRepo();
  const reason = new Error('the person left');
  const signal = AbortSignal.abort(reason);
  await expect(runGit(['status'], { cwd: repo.path, signal, baseEnv: repo.env })).rejects.toBe(reason);
});

test('output beyond the limit is an error by name, unless the caller can use a part of it', async () => {
  await using repo = await makeRepo({ files: { 'long.txt': 'x'.repeat(500_000) } });
  const show = ['show', 'HEAD:long.txt'];
  const options = { cwd: repo.path, baseEnv: repo.env, maxChars: 1000 };
  const error = await runGit(show, { ...options, allowFailure: true }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'git_output_cut', what: expect.stringContaining('"git show"') });
  expect(error).toMatchObject({ why: expect.stringContaining('1000 characters') });
  const { cut, stdout } = await runGit(show, { ...options, mayBeCut: true });
  expect(cut).toBe(true);
  expect(stdout.length).toBeLessThanOrEqual(1000);
  expect(await runGit(show, { ...options, maxChars: 600_000 })).toMatchObject({ cut: false });
});

test('records arrive whole, wherever the output is split, until no more are needed', async () => {
  await using repo = await makeRepo();
  const names = Array.from({ length: 20_000 }, (_, at) => `größe ✓ ${at}`);
  const options = { cwd: repo.path, baseEnv: repo.env, allowFailure: true, input: `${names.join('\n')}\n` };
  const print = ['check-ignore', '--verbose', '--non-matching', '--stdin'];
  const all: string[] = [];
  await readRecords(print, options, (line) => all.push(line), '\n');
  expect(all).toEqual(names.map((name) => `::\t${name}`));
  const some: string[] = [];
  const exitCode = await readRecords(print, options, (line) => some.push(line) < 3, '\n');
  expect({ exitCode, some }).toEqual({ exitCode: 0, some: all.slice(0, 3) });
});

test('what the reader of records throws reaches the caller, and a failure has what git said', async () => {
  await using repo = await makeRepo();
  const options = { cwd: repo.path, baseEnv: repo.env };
  const thrown = new Error('not mine');
  const fail = () => {
    throw thrown;
  };
  await expect(readRecords(['ls-tree', 'HEAD'], options, fail)).rejects.toBe(thrown);
  await expect(readRecords(['ls-tree', 'nothing'], options, fail)).rejects.toMatchObject({
    code: 'git_failed',
    why: expect.stringContaining('Not a valid object name'),
  });
});
