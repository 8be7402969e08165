import { expect, test } from 'vitest';
import {
  executes,
  namesProgram,
  type Setting,
  undoChanged,
} from '../../../../src/core/project/git/git-programs.ts';

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
