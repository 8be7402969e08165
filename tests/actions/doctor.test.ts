import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ActionContext } from '../../src/actions/context.ts';
import { thisMachine } from '../../src/actions/doctor/check.ts';
import { folderChecks, machineChecks } from '../../src/actions/doctor/machine-checks.ts';
import { doctor, RootRefusedError, refuseWhatCannotRun } from '../../src/actions/doctor.ts';
import { setupProject } from '../../src/actions/setup-project.ts';
import { systemClock } from '../../src/base/clock.ts';
import { systemHost } from '../../src/base/host.ts';
import { tempDir } from '../support/temp-dir.ts';
import { makeRepo, type TempRepo } from '../support/temp-repo.ts';

const NOT_THERE = {
  CLAUDE_PATH: 'no-claude-here',
  CODEX_PATH: 'no-codex-here',
  GEMINI_PATH: 'no-gemini-here',
};
const MACHINE = { ...thisMachine(), uid: 1000 };

async function contextIn(repo: TempRepo, env: Record<string, string> = {}): Promise<ActionContext> {
  const context: ActionContext = {
    clock: systemClock,
    host: await systemHost(),
    env: { ...repo.env, ...NOT_THERE, ...env },
    home: repo.homeDir,
    cwd: repo.path,
    by: { channel: 'cli' },
    programs: { worker: '/none', rehearsal: '/none' },
  };
  return context;
}

/** A program that answers like an agent CLI that is asked about itself. */
async function fakeCli(folder: string, { loggedIn = true, options = '' } = {}): Promise<string> {
  const path = join(folder, 'agent');
  const lines = [
    '#!/bin/sh',
    'case "$*" in',
    '--version) echo "2.1.328 (Claude Code)";;',
    `*--help) echo "${options}";;`,
    `*status) exit ${loggedIn ? 0 : 1};;`,
    '*) exit 9;;',
    'esac\n',
  ];
  await writeFile(path, lines.join('\n'));
  await chmod(path, 0o755);
  return path;
}

const ALL_OPTIONS = '--output-format --settings --strict-mcp-config --session-id --add-dir';

test('without any agent CLI the one in use is missing and the others are not missed', async () => {
  await using repo = await makeRepo();
  const context = await contextIn(repo);
  await setupProject({}, context);
  const { level, checks } = await doctor({}, context, MACHINE);
  expect(level).toBe('fail');
  expect(checks.filter((check) => check.level === 'fail').map(({ id }) => id)).toEqual(['cli.claude']);
  expect(checks.find(({ id }) => id === 'cli.claude')?.fix).toContain('npm install -g');
  expect(checks.find(({ id }) => id === 'cli.codex')).toMatchObject({ level: 'ok' });
  expect(checks.filter((check) => check.level !== 'ok').every(({ fix }) => Boolean(fix))).toBe(true);
});

test('with a working CLI everything is well, and the level of protection is named', async () => {
  await using repo = await makeRepo();
  const context = await contextIn(repo, { CLAUDE_PATH: await fakeCli(repo.root, { options: ALL_OPTIONS }) });
  await setupProject({ lines: { CHECK: 'sh -c true' } }, context);
  const { checks } = await doctor({}, context, MACHINE);
  expect(checks.filter(({ level }) => level === 'fail')).toEqual([]);
  expect(checks.find(({ id }) => id === 'cli.claude')?.found).toContain('2.1.328');
  expect(checks.find(({ id }) => id === 'check.1')).toMatchObject({ level: 'ok' });
  expect(checks.find(({ id }) => id === 'gates.protection')?.found).toContain('always');
});

test('a CLI that is too old for an option, logged out, or started by root is told with the way out', async () => {
  await using repo = await makeRepo();
  const path = await fakeCli(repo.root, { options: '--settings', loggedIn: false });
  const context = await contextIn(repo, { CLAUDE_PATH: path });
  await setupProject({ lines: { CHECK: 'no-such-program --all' } }, context);
  const { checks } = await doctor({}, context, { ...MACHINE, uid: 0 });
  expect(checks.filter(({ level }) => level === 'fail').map(({ id }) => id)).toEqual([
    'check.1',
    'cli.claude.options',
    'cli.claude.login',
    'cli.claude.root',
  ]);
  const lost = await doctor(
    {},
    { ...context, env: { ...context.env, IS_SANDBOX: '1' } },
    { ...MACHINE, uid: 0 },
  );
  expect(lost.checks.find(({ id }) => id === 'cli.claude.root')).toMatchObject({ level: 'ok' });
});

test('outside of any project it says so and still looks at the machine', async () => {
  await using repo = await makeRepo();
  const { checks } = await doctor({}, await contextIn(repo), MACHINE);
  expect(checks.find(({ id }) => id === 'project')).toMatchObject({ level: 'fail' });
  expect(checks.find(({ id }) => id === 'git')).toMatchObject({ level: 'ok' });
});

test('outside of any project the paths of the machine count', async () => {
  await using repo = await makeRepo();
  const path = await fakeCli(repo.root, { options: ALL_OPTIONS });
  const { checks } = await doctor({}, await contextIn(repo, { CLAUDE_PATH: path }), MACHINE);
  expect(checks.find(({ id }) => id === 'cli.claude')?.found).toContain(path);
});

test('what ends workers behind our back is a warning, and Windows itself a refusal', async () => {
  await using dir = await tempDir();
  for (const [path, text] of [
    ['proc/sys/fs/inotify/max_user_instances', '16\n'],
    ['proc/version', 'Linux version 6.6 (microsoft-standard-WSL2)'],
    ['etc/systemd/logind.conf', '[Login]\nKillUserProcesses=yes\n'],
  ] as const) {
    await mkdir(join(dir.path, path, '..'), { recursive: true });
    await writeFile(join(dir.path, path), text);
  }
  const linux = { ...MACHINE, platform: 'linux' as const, root: dir.path };
  const warned = (await machineChecks(linux)).filter(({ level }) => level === 'warn');
  expect(warned.map(({ id }) => id)).toEqual(['machine.inotify', 'machine.wsl', 'machine.logout']);
  const [windows, ...more] = await machineChecks({ ...MACHINE, platform: 'win32' });
  expect(windows).toMatchObject({ level: 'fail', fix: expect.stringContaining('WSL') });
  expect(more).toEqual([]);
});

test('a folder that a cloud keeps in step is a warning, and a missing one a failure', async () => {
  await using dir = await tempDir();
  const synced = join(dir.path, 'Dropbox', 'sessions');
  await mkdir(synced, { recursive: true });
  expect((await folderChecks('sessions', synced)).map(({ level }) => level)).toContain('warn');
  expect(await folderChecks('sessions', join(dir.path, 'none'))).toMatchObject([{ level: 'fail' }]);
});

test('a session that Claude Code would refuse to root is refused before it costs anything', () => {
  const settings = { provider: 'codex', providers: { quality: 'claude' }, permissions: 'skip' } as const;
  expect(() => refuseWhatCannotRun(settings, { env: {} }, { uid: 0 })).toThrow(RootRefusedError);
  refuseWhatCannotRun(settings, { env: { IS_SANDBOX: '1' } }, { uid: 0 });
  refuseWhatCannotRun({ ...settings, permissions: 'allow' }, { env: {} }, { uid: 0 });
  refuseWhatCannotRun({ ...settings, providers: {} }, { env: {} }, { uid: 0 });
});
