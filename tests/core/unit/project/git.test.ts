import { createHash } from 'node:crypto';
import { mkdir, realpath, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  executes,
  namesProgram,
  type Setting,
  undoChanged,
} from '../../../../src/core/project/git/git-programs.ts';
import { pathInside, realPathAsFar } from '../../../../src/core/project/git/real-path.ts';
import { parseStatus, readStatus, UNTRACKED } from '../../../../src/core/project/git/status-entries.ts';
import { parseWorktreeList } from '../../../../src/core/project/git/worktree-list.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

test('changes, renames, new files and folders of a real repository are read with their names', async () => {
  await using repo = await makeRepo({
    files: { 'a b.txt': 'a', 'ü\n.txt': 'u', 'old.txt': 'content that is long enough' },
  });
  await repo.write({ 'a b.txt': 'changed', 'ü\n.txt': 'changed', 'new/x.txt': '', 'new/y.txt': '' });
  await rename(join(repo.path, 'old.txt'), join(repo.path, 'renamed to.txt'));
  await repo.git(['add', '-A', '--', 'old.txt', 'renamed to.txt']);
  const blobOf = (text: string) => createHash('sha1').update(`blob ${text.length}\0${text}`).digest('hex');
  const indexOf = (text: string) => ({ index: `N... 100644 100644 ${blobOf(text)}`, isOnlyContent: true });
  expect(await readStatus({ cwd: repo.path, baseEnv: repo.env })).toEqual({
    exitCode: 0,
    head: await repo.git(['rev-parse', 'HEAD']),
    branch: 'main',
    entries: [
      { kind: 'changed', path: 'a b.txt', ...indexOf('a') },
      { kind: 'changed', path: 'renamed to.txt', from: 'old.txt' },
      { kind: 'changed', path: 'ü\n.txt', ...indexOf('u') },
      { kind: 'untracked', path: 'new/', index: UNTRACKED },
    ],
  });
});

test('before the first commit there is no commit, and on a detached HEAD no branch', () => {
  expect(parseStatus(['# branch.oid (initial)', '# branch.head (detached)', ''])).toEqual({ entries: [] });
});

test('a conflict is distinguished from a change', () => {
  const line = 'u UU N... 100644 100644 100644 100644 1111 2222 3333 both sides.txt\0';
  expect(parseStatus(line.split('\0')).entries).toEqual([{ kind: 'conflict', path: 'both sides.txt' }]);
});

test('bare, detached, vanished and locked worktrees are distinguished', () => {
  const text = [
    'worktree /a b\nbare',
    'worktree /c\nHEAD 1234\nbranch refs/heads/team/x\nlocked on a stick',
    'worktree /d\nHEAD 5678\ndetached\nprunable gitdir file points to non-existent location',
  ].join('\n\n');
  expect(parseWorktreeList(`${text}\n\n`)).toEqual([
    { path: '/a b', prunable: false },
    { path: '/c', head: '1234', branch: 'team/x', prunable: false, locked: 'on a stick' },
    { path: '/d', head: '5678', prunable: true },
  ]);
});

test('the existing part of a path has its links resolved', async () => {
  await using dir = await tempDir();
  await mkdir(join(dir.path, 'real'));
  await symlink(join(dir.path, 'real'), join(dir.path, 'link'));
  expect(await realPathAsFar(join(dir.path, 'link/new/deep'))).toBe(join(dir.path, 'real/new/deep'));
  expect(await realPathAsFar(join(dir.path, 'link'))).toBe(await realpath(join(dir.path, 'real')));
});

test.each([
  ['/a', '/a', ''],
  ['/a', '/a/b/c', 'b/c'],
  ['/a', '/a/..b', '..b'],
  ['/a', '/ab', undefined],
  ['/a/b', '/a', undefined],
])('seen from %s, the path of %s is %s', (folder, path, way) => {
  expect(pathInside(folder, path)).toBe(way);
});

const undo = (before: Setting[], repository: Setting[], outside: Setting[] = [], env = {}) =>
  undoChanged({ repository: before, outside }, { repository, outside }, env);

test('unchanged settings are left to git', () => {
  const own: Setting[] = [
    ['filter.lfs.clean', 'git-lfs clean -- %f'],
    ['credential.helper', 'store'],
    ['core.sshcommand', 'ssh -i key'],
  ];
  expect(undo(own, own, [['credential.helper', 'cache']])).toEqual([]);
});

test('changed and removed settings are restored, and new ones are made harmless', () => {
  const before: Setting[] = [
    ['filter.lfs.clean', 'lfs'],
    ['core.sshcommand', 'ssh -i key'],
  ];
  const now: Setting[] = [
    ['filter.lfs.clean', 'evil'],
    ['filter.a=b.process', 'evil'],
    ['remote.x.y.uploadpack', 'evil'],
  ];
  expect(undo(before, now)).toEqual([
    ['filter.lfs.clean', 'lfs'],
    ['core.sshcommand', 'ssh -i key'],
    ['filter.a=b.process', ''],
    ['remote.x.y.uploadpack', 'git-upload-pack'],
  ]);
});

test("a planted ssh command is replaced by the user's, wherever that is set", () => {
  const planted: Setting[] = [['core.sshcommand', 'evil']];
  expect(undo([], planted)).toEqual([['core.sshcommand', 'ssh']]);
  expect(undo([], planted, [['core.sshcommand', 'ssh -v']])).toEqual([['core.sshcommand', 'ssh -v']]);
  expect(undo([], planted, [], { GIT_SSH: "/opt/it's ssh" })).toEqual([
    ['core.sshcommand', "'/opt/it'\\''s ssh'"],
  ]);
});

test("planted credential helpers are dropped, while the user's are kept", () => {
  const own: Setting[] = [['credential.helper', 'store']];
  const planted: Setting[] = [...own, ['credential.https://x.example.helper', '!evil']];
  expect(undo(own, planted, [['credential.https://y.example.helper', 'cache']])).toEqual([
    ['credential.helper', ''],
    ['credential.https://y.example.helper', 'cache'],
    ['credential.helper', 'store'],
  ]);
});

test('settings that name no program are ignored', () => {
  for (const key of ['core.bare', 'user.name', 'remote.origin.url', 'filter.clean', 'credential.username']) {
    expect(namesProgram([key, '']), key).toBe(false);
  }
});

test("settings planted in the user's files are undone too", () => {
  const before = { repository: [], outside: [['core.sshcommand', 'ssh -v']] as Setting[] };
  const outside: Setting[] = [
    ['core.sshcommand', 'evil'],
    ['filter.evil.clean', 'evil'],
    ['credential.helper', '!evil'],
  ];
  expect(undoChanged(before, { repository: [], outside }, {})).toEqual([
    ['core.sshcommand', 'ssh -v'],
    ['filter.evil.clean', ''],
    ['credential.helper', ''],
  ]);
});

test.each<[string, string, boolean]>([
  ['core.hookspath', '.husky/_', true],
  ['core.fsmonitor', '/evil', true],
  ['core.fsmonitor', 'true', false],
  ['core.pager', 'less', true],
  ['pager.log', 'false', false],
  ['alias.st', '!evil', true],
  ['alias.st', 'status', false],
  ['submodule.x.update', '!evil', true],
  ['submodule.x.update', 'checkout', false],
  ['filter.lfs.clean', 'git-lfs clean', true],
  ['filter.lfs.required', 'true', false],
  ['remote.origin.url', 'https://example.invalid/x', false],
  ['user.name', 'x', false],
  ['core.excludesfile', '/x', false],
])('%s = %s starts a program: %s', (key, value, expected) => {
  expect(executes([key, value])).toBe(expected);
});
