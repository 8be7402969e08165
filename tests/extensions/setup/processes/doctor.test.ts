import { appendFile, chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { beforeAll, expect, test } from 'vitest';
import { setupProject } from '../../../../src/core/acts/set-up/setup-project.act.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { type DoctorCheck, thisMachine } from '../../../../src/core/caller/refusals/check.ts';
import { readyProject, refuseRoot } from '../../../../src/core/caller/refusals/ready-project.ts';
import { Output } from '../../../../src/core/faces/terminal/output.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { foldersOfPlace, placeOfRepository } from '../../../../src/core/project/finding/project-place.ts';
import { checkLines, verdict } from '../../../../src/extensions/setup/doctor/doctor.command.ts';
import { type DoctorGroup, doctor } from '../../../../src/extensions/setup/doctor/doctor.ts';
import {
  folderChecks,
  machineChecks,
  privacyCheck,
} from '../../../../src/extensions/setup/doctor/machine-checks.ts';
import { ci } from '../../../support/ci.ts';
import { asOrdinaryUser } from '../../../support/ordinary-user.ts';
import { trustLines } from '../../../support/project.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

const NOT_THERE = {
  CLAUDE_PATH: 'no-claude-here',
  CODEX_PATH: 'no-codex-here',
  GEMINI_PATH: 'no-gemini-here',
};
const MACHINE = { ...thisMachine(), uid: 1000, nodeVersion: '24.11.0' };

const NOW = { env: {}, clock: systemClock };

async function contextIn(repo: TempRepo, env: Record<string, string> = {}): Promise<ActionContext> {
  const context: ActionContext = {
    clock: systemClock,
    host: await systemHost(),
    env: { ...repo.env, ...NOT_THERE, ...env },
    home: repo.homeDir,
    cwd: repo.path,
    by: { channel: 'cli' },
    programs: { worker: '/none/worker.cjs', rehearsal: '/none/rehearsal.cjs' },
  };
  return context;
}

/** A program that answers like an agent CLI asked for its version and login. */
async function fakeCli(folder: string, { loggedIn = true, version = '2.1.328' } = {}): Promise<string> {
  const path = join(folder, 'agent');
  const lines = [
    '#!/bin/sh',
    'case "$*" in',
    `--version) echo "${version} (Claude Code)";;`,
    `*status) exit ${loggedIn ? 0 : 1};;`,
    '*) exit 9;;',
    'esac\n',
  ];
  await writeFile(path, lines.join('\n'));
  await chmod(path, 0o755);
  return path;
}

test('without any agent CLI, only the one in use is reported as missing', ci, async () => {
  await using repo = await makeRepo();
  const context = await contextIn(repo);
  await setupProject({}, context);
  const told: (DoctorCheck & { group: string })[] = [];
  const onGroup = ({ title: group, checks }: DoctorGroup) =>
    told.push(...checks.map((check) => ({ group, ...check })));
  const { level, checks } = await doctor({ onGroup }, context, MACHINE);
  // Groups are reported as they finish, in the order of the report.
  expect(told).toEqual(checks);
  const claude = checks.find(({ id }) => id === 'cli.claude');
  expect(claude).toMatchObject({ level: 'fail', details: expect.stringContaining('/bin') });
  expect(claude?.found).not.toContain('/bin');
  expect(level).toBe('fail');
  expect(checks.filter((check) => check.level === 'fail').map(({ id }) => id)).toEqual(['cli.claude']);
  expect(checks.find(({ id }) => id === 'cli.claude')?.fix).toContain('npm install -g');
  expect(checks.find(({ id }) => id === 'cli.codex')).toMatchObject({ level: 'ok' });
  expect(checks.filter((check) => check.level !== 'ok').every(({ fix }) => Boolean(fix))).toBe(true);
});

test('with a working CLI every check passes, and the level of protection is named', async () => {
  await using repo = await makeRepo();
  const context = await contextIn(repo, { CLAUDE_PATH: await fakeCli(repo.root) });
  await setupProject({ lines: { CHECK: 'sh -c true' } }, context);
  const { checks } = await doctor({}, context, MACHINE);
  expect(checks.filter(({ level }) => level === 'fail')).toEqual([]);
  expect(checks.find(({ id }) => id === 'cli.claude')?.found).toContain('2.1.328');
  expect(checks.find(({ id }) => id === 'check.1')).toMatchObject({ level: 'ok' });
  expect(checks.find(({ id }) => id === 'sandbox')?.found).toMatch(/^(?:none|guard|best effort)/);
});

test('the version of a CLI is shown without the sentence around it', async () => {
  await using repo = await makeRepo();
  const path = await fakeCli(repo.root, { version: 'Agent CLI 1.0.102-beta.1.' });
  const { checks } = await doctor({}, await contextIn(repo, { CLAUDE_PATH: path }), MACHINE);
  expect(checks.find(({ id }) => id === 'cli.claude')?.brief).toBe('1.0.102-beta.1');
});

test('a CLI that is too old, logged out, or started by root is reported with the fix', async () => {
  await using repo = await makeRepo();
  const path = await fakeCli(repo.root, { version: '1.0.0', loggedIn: false });
  const context = await contextIn(repo, { CLAUDE_PATH: path });
  await setupProject({ lines: { CHECK: 'no-such-program --all' } }, context);
  const { checks } = await doctor({}, context, { ...MACHINE, uid: 0 });
  expect(checks.find(({ id }) => id === 'cli.claude.version')).toMatchObject({ level: 'warn' });
  expect(checks.filter(({ level }) => level === 'fail').map(({ id }) => id)).toEqual([
    'cli.claude.login',
    'cli.claude.root',
    'check.1',
  ]);
  const lost = await doctor(
    {},
    { ...context, env: { ...context.env, IS_SANDBOX: '1' } },
    { ...MACHINE, uid: 0 },
  );
  expect(lost.checks.find(({ id }) => id === 'cli.claude.root')).toBeUndefined();
});

test('a CLI that does not answer in time is reported as that, not as one that cannot start', async () => {
  await using repo = await makeRepo();
  const path = join(repo.root, 'slow');
  await writeFile(path, '#!/bin/sh\ncase "$*" in --version) exec sleep 300;; esac\n', { mode: 0o755 });
  const context = await contextIn(repo, { CLAUDE_PATH: path });
  const { checks } = await doctor({}, context, { ...MACHINE, answerLimitMs: 500 });
  expect(checks.filter(({ id }) => id.startsWith('cli.claude'))).toMatchObject([
    { id: 'cli.claude', found: expect.stringMatching(/, unknown version$/) },
    { id: 'cli.claude.start', level: 'warn', found: expect.stringContaining('no answer within 0.5 s') },
  ]);
});

test('where everything is there, the report fits on a screen of 24 lines and 80 columns', async () => {
  await using repo = await makeRepo();
  const cli = await fakeCli(repo.root);
  const paths = ['CLAUDE', 'CODEX', 'OPENCODE', 'COPILOT'].map((name) => [`${name}_PATH`, cli]);
  const context = await contextIn(repo, Object.fromEntries(paths));
  for (const folder of ['.cursor', '.codeium/windsurf', '.config/zed', '.config/Code/User', '.config/Claude'])
    await mkdir(join(repo.homeDir, folder), { recursive: true });
  await setupProject({ lines: { CHECK: 'sh -c true' } }, context);
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  const output = new Output({ stdout, stderr: stdout, colourful: false, json: false });
  const lines: string[] = [];
  const onGroup = (group: DoctorGroup, titles: readonly string[]) =>
    lines.push(...checkLines(group, output, { verbose: false, titles }));
  const report = await doctor({ onGroup }, context, MACHINE);
  const screen = [...lines, verdict(report, output)].join('\n').split('\n');
  expect(screen.length).toBeLessThanOrEqual(24);
  expect(screen.filter((line) => /^. \S/.test(line)).map((line) => line.slice(2, 15).trim())).toEqual([
    ...['Machine', 'Claude Code', 'Other CLIs', 'Chat programs', 'Supervisor', 'Pool', 'Sandbox', 'Project'],
    'Sessions can',
  ]);
});

const JUDGED = [
  ['(cd . && true)', 'ok'],
  ['"$HOME/bin/check" --all', 'ok'],
  ["FOO='a b' npm-or-so test", 'ok'],
  ['FOO="x gone y" sh test', 'ok'],
  ['FOO=1 BAR=/x/y:2 sh -c true', 'ok'],
  ['! grep -r TODO .', 'ok'],
  ['cd web && npm test', 'ok'],
  ['~/bin/check', 'ok'],
  ['FOO=1 no-such-program test', 'fail'],
  ['no-such-program', 'fail'],
  ['/no/such/program --all', 'fail'],
  ['node_modules/.bin/not-installed-yet', 'warn'],
  ['./gradlew check', 'warn'],
  ['(cd web && npm test', 'fail'],
] as const;

/** All are checks of one project, which is read once. */
let judged: DoctorCheck[];
beforeAll(async () => {
  await using repo = await makeRepo();
  const context = await contextIn(repo);
  const lines = Object.fromEntries(JUDGED.map(([command], at) => [`CHECK_${at + 10}`, command]));
  await setupProject({ lines }, context);
  judged = (await doctor({}, context, MACHINE)).checks.filter(({ id }) => /^check\.\d+$/.test(id));
});

test.each(JUDGED.map(([command, level], at) => [command, level, at] as const))(
  'the check %s is assessed without being run: %s',
  (_command, level, at) => {
    expect(judged).toHaveLength(JUDGED.length);
    expect(judged[at]).toMatchObject({ id: `check.${at + 1}`, level });
  },
);

const CHOSEN = '{ // mine\n"security": {"auth": {"selectedType": "oauth-personal"}},}';

test.each([
  ['settings that choose a login method', '.gemini/settings.json', CHOSEN, undefined],
  [
    'settings without a login method',
    '.gemini/settings.json',
    '{"security":{"auth":{}},"ui":{"theme":"x"}}',
    'warn',
  ],
  ['settings that are not JSON', '.gemini/settings.json', '{', 'warn'],
  ['the files of a login', '.gemini/oauth_creds.json', '{}', undefined],
])('a Gemini CLI with %s is assessed by the HOME that it uses', async (_what, path, text, level) => {
  await using repo = await makeRepo();
  const gemini = await fakeCli(repo.root);
  const own = join(repo.root, 'own home');
  await mkdir(join(own, '.gemini'), { recursive: true });
  await mkdir(join(repo.homeDir, '.gemini'));
  await writeFile(join(own, path), text);
  const login = async (env: Record<string, string>) =>
    (
      await doctor(
        {},
        await contextIn(repo, { SAMOCODE_PROVIDER: 'gemini', GEMINI_PATH: gemini, ...env }),
        MACHINE,
      )
    ).checks.find(({ id }) => id === 'cli.gemini.login')?.level;
  expect(await login({})).toBe('warn');
  expect(await login({ GEMINI_CLI_HOME: own })).toBe(level);
  await writeFile(join(repo.homeDir, path), text);
  expect(await login({})).toBe(level);
});

test('Gemini CLI in use says whose accounts it takes, because the login of an individual looks the same', async () => {
  await using repo = await makeRepo();
  const env = { SAMOCODE_PROVIDER: 'gemini', GEMINI_PATH: await fakeCli(repo.root), GEMINI_API_KEY: 'x' };
  const { checks } = await doctor({}, await contextIn(repo, env), MACHINE);
  const gemini = checks.find(({ id }) => id === 'cli.gemini');
  const accounts = '; takes an API key or an enterprise licence, and no login of an individual';
  expect(gemini?.brief).toBe(`2.1.328${accounts}`);
  expect(gemini?.found, 'in pipes and JSON').toContain(accounts);
});

test('an agent CLI that no version of was tried is marked, whether it is in use or not', async () => {
  await using repo = await makeRepo();
  const goose = await fakeCli(repo.root);
  const about = async (env: Record<string, string>) =>
    (await doctor({}, await contextIn(repo, { GOOSE_PATH: goose, ...env }), MACHINE)).checks.find(
      ({ id }) => id === 'cli.goose',
    );
  const mark = '(not tried with samocode)';
  for (const [env, brief] of [
    [{}, `Goose 2.1.328 ${mark}`],
    [{ SAMOCODE_PROVIDER: 'goose' }, `2.1.328 ${mark}`],
  ] as const)
    expect(await about(env)).toMatchObject({ brief, found: expect.stringContaining(mark) });
});

test('outside of any project the machine alone is judged; a named project that is missing is a failure', async () => {
  await using repo = await makeRepo();
  const context = await contextIn(repo, { CLAUDE_PATH: await fakeCli(repo.root) });
  const { checks, level, projectFile } = await doctor({}, context, MACHINE);
  expect(projectFile).toBeUndefined();
  const { CLAUDE_PATH } = context.env;
  expect(checks.find(({ id }) => id === 'cli.claude')?.found).toContain(CLAUDE_PATH);
  expect(checks.find(({ id }) => id === 'project')).toMatchObject({ level: 'ok', isAbsent: true });
  expect(checks.find(({ id }) => id === 'git')).toMatchObject({ level: 'ok' });
  expect(level).not.toBe('fail');
  const named = await doctor({ projectDir: repo.path }, context, MACHINE);
  expect(named.checks.find(({ id }) => id === 'project')).toMatchObject({ level: 'fail' });
});

test('outside of any project the agent CLI that new projects use is the one that is missed', async () => {
  await using repo = await makeRepo();
  const { checks } = await doctor({}, await contextIn(repo, { SAMOCODE_PROVIDER: 'codex' }), MACHINE);
  expect(checks.filter(({ level }) => level === 'fail').map(({ id }) => id)).toEqual(['cli.codex']);
});

test('an identity that git does not have is a warning on the machine and a failure in a project', async () => {
  await using repo = await makeRepo({ anonymous: true });
  const context = await contextIn(repo);
  const identity = async () =>
    (await doctor({}, context, MACHINE)).checks.find(({ id }) => id === 'git.identity');
  expect(await identity()).toMatchObject({ level: 'warn', group: 'Machine' });
  await setupProject({}, context);
  expect(await identity()).toMatchObject({
    level: 'fail',
    group: 'Project',
    found: expect.stringContaining('Git has no author identity'),
    fix: expect.stringContaining('git config --global user.name'),
  });
});

test('what a start refuses is a failure in the same words', async () => {
  await using repo = await makeRepo({ anonymous: true });
  const context = await contextIn(repo, { CLAUDE_PATH: await fakeCli(repo.root) });
  await setupProject({}, context);
  await appendFile(join(repo.path, '.samocode'), 'CHECK=no-such-program\n');
  const { checks } = await doctor({}, context);
  const failures = checks.filter(({ level }) => level === 'fail');
  expect(failures.map(({ id }) => id)).toEqual(
    expect.arrayContaining(['project.trust', 'git.identity', 'check.1']),
  );
  const refused = await readyProject({}, context).catch((error) => error);
  for (const { found } of failures) expect(refused.why).toContain(found);
});

test('where the agent of the settings cannot work, the report names the others that can', async () => {
  await using repo = await makeRepo();
  const none = { ...NOT_THERE, OPENCODE_PATH: 'no-opencode-here' };
  const cli = await fakeCli(repo.root);
  const othersWith = async (env: Record<string, string>, machine = MACHINE) =>
    (await doctor({}, { ...(await contextIn(repo, { ...none, ...env })), cwd: repo.root }, machine)).others;
  expect(await othersWith({})).toBeUndefined();
  expect(await othersWith({ CODEX_PATH: cli })).toEqual({
    failing: 'Claude Code',
    can: [{ name: 'codex', title: 'Codex' }],
  });
  expect(await othersWith({ GOOSE_PATH: cli }), 'an agent that was not tried').toBeUndefined();
  expect(await othersWith({ CLAUDE_PATH: cli, CODEX_PATH: cli })).toBeUndefined();
  const codexFails = { SAMOCODE_PROVIDER: 'codex', CLAUDE_PATH: cli };
  expect(await othersWith(codexFails)).toMatchObject({ failing: 'Codex', can: [{ name: 'claude' }] });
  // Claude Code refuses to work without permissions for root.
  expect(await othersWith(codexFails, { ...MACHINE, uid: 0 })).toBeUndefined();
  const loggedOut = await fakeCli(repo.homeDir, { loggedIn: false });
  expect(await othersWith({ CODEX_PATH: loggedOut })).toBeUndefined();
});

test('a CLI that no session here would start is never a failure', async () => {
  await using repo = await makeRepo();
  const path = await fakeCli(repo.root, { loggedIn: false });
  const context = await contextIn(repo, { CLAUDE_PATH: path });
  await setupProject({ lines: { PROVIDER: 'rehearsal' } }, context);
  const { checks } = await doctor({}, context, { ...MACHINE, uid: 0 });
  const ofClaude = checks.filter(({ id }) => id.startsWith('cli.claude'));
  expect(ofClaude).toMatchObject([
    { id: 'cli.claude', level: 'ok', isAbsent: true, found: expect.stringContaining('not logged in') },
  ]);
});

test('every question to an agent CLI is asked before one is answered', async () => {
  await using repo = await makeRepo();
  const asked = join(repo.root, 'asked');
  await mkdir(asked);
  const path = join(repo.root, 'agent');
  // Each answer waits for the questions of all of them.
  const script = [
    '#!/bin/sh',
    `touch "${asked}/$(echo "$0 $*" | tr -c 'a-z\n' _)"`,
    `while [ "$(ls "${asked}" | wc -l)" -lt 3 ]; do sleep 0.05; done`,
    'case "$*" in --version) echo 2.1.328;; esac',
    '',
  ];
  for (const name of [path, `${path}-two`]) await writeFile(name, script.join('\n'), { mode: 0o755 });
  const env = { CLAUDE_PATH: path, GEMINI_PATH: `${path}-two` };
  const { checks } = await doctor({}, await contextIn(repo, env), MACHINE);
  expect(checks.find(({ id }) => id === 'cli.claude')).toMatchObject({ level: 'ok', brief: '2.1.328' });
  expect(checks.find(({ id }) => id === 'cli.gemini')?.found).toContain('2.1.328');
});

test('a project without CHECK, and a .mcp.json that no MCP= hands on, are warnings', async () => {
  await using repo = await makeRepo();
  const context = await contextIn(repo);
  await setupProject({}, context);
  const warned = async () =>
    (await doctor({}, context, MACHINE)).checks
      .filter(({ id, level }) => level === 'warn' && /^(?:project|check)/.test(id))
      .map(({ id }) => id);
  expect(await warned()).toEqual(['project.check']);
  await repo.write({ '.mcp.json': '{"mcpServers": {"samocode": {"command": "samocode-mcp"}}}' });
  await trustLines(repo, 'CHECK=sh -c true\n');
  expect(await warned()).toEqual([]);
  await repo.write({ '.mcp.json': '{"mcpServers": {"samocode": {}, "tickets": {"command": "x"}}}' });
  expect(await warned()).toEqual(['project.mcp']);
  await trustLines(repo, 'MCP=.mcp.json\n');
  expect(await warned()).toEqual([]);
});

test('each problem of the settings is a failure of its own', async () => {
  await using repo = await makeRepo({ files: { '.samocode': 'MAIN_REPO=.\nSESSIONS=gone\nWORKTREES=.\n' } });
  const { checks } = await doctor({}, await contextIn(repo), MACHINE);
  const found = checks.filter(({ id, level }) => id === 'project' && level === 'fail');
  expect(found.map((check) => check.found)).toEqual([
    expect.stringContaining('WORKTREES and MAIN_REPO cannot be used together.'),
    expect.stringContaining('SESSIONS in '),
  ]);
});

test.each([
  ['git version 2.30.9', 'fail'],
  ['git version 2.31.0', 'ok'],
  ['git version 2.39.5 (Apple Git-154)', 'ok'],
  ['git version 3.0.1', 'ok'],
])('%s is assessed: %s', async (version, level) => {
  await using repo = await makeRepo();
  const folder = join(repo.root, 'other-git');
  await mkdir(folder);
  const script = `#!/bin/sh\n[ "$1" = --version ] && echo '${version}' && exit\nPATH='${repo.env.PATH}' exec git "$@"\n`;
  await writeFile(join(folder, 'git'), script, { mode: 0o755 });
  const { checks } = await doctor({}, await contextIn(repo, { PATH: `${folder}:${repo.env.PATH}` }), MACHINE);
  expect(checks.find(({ id }) => id === 'git')).toMatchObject({ level });
});

test('--checks runs SETUP and each CHECK on the base, and leaves no worktree, process or change', async () => {
  await using repo = await makeRepo({ files: { 'base.txt': 'from the base\n' } });
  const context = await contextIn(repo);
  const first = 'test -f made && grep -q base base.txt && pwd | grep /worktrees/_checks/';
  const second = 'sleep 300 >/dev/null 2>&1 & exit 7';
  await setupProject({ lines: { SETUP: 'touch made', CHECK: first, CHECK_2: second } }, context);
  await repo.write({ 'base.txt': 'edited\n', made: '' });
  const before = await repo.git(['status', '--porcelain']);

  const asked = await doctor({}, context, MACHINE);
  expect(asked.checks.find(({ id }) => id === 'check.2')).toMatchObject({ level: 'ok' });

  const { checks: tried } = await doctor({ runChecks: true }, context, MACHINE);
  expect(tried.find(({ id }) => id === 'setup')).toMatchObject({ level: 'ok' });
  expect(tried.find(({ id }) => id === 'check.1')).toMatchObject({ level: 'ok' });
  expect(tried.find(({ id }) => id === 'check.2')).toMatchObject({
    level: 'fail',
    found: expect.stringContaining('exit status 7'),
  });
  const { worktrees } = foldersOfPlace(await placeOfRepository(repo.path, repo.homeDir));
  expect(await readdir(worktrees)).toEqual([]);
  expect((await repo.git(['worktree', 'list'])).split('\n')).toHaveLength(1);
  expect(await repo.git(['status', '--porcelain'])).toBe(before);
  const running = await context.host.processes.list();
  const homes = await Promise.all(
    running.map(({ pid }) => context.host.processes.environmentOf(pid, 'HOME').catch(() => undefined)),
  );
  expect(homes.filter((home) => home === repo.homeDir)).toEqual([]);
});

test('--checks runs them in the same place as sessions: with the files of CHECK_COPY, or in a worktree', async () => {
  await using repo = await makeRepo({ files: { '.gitignore': '.env.test\n' } });
  const context = await contextIn(repo);
  await repo.write({ '.env.test': 'x\n' });
  await setupProject({}, context);
  const tried = async (lines: string) => {
    await trustLines(repo, lines);
    const { checks } = await doctor({ runChecks: true }, context, MACHINE);
    return checks.find(({ id }) => id === 'check.1');
  };
  const missed = await tried('CHECK=test -f .env.test\n');
  expect(missed).toMatchObject({ level: 'fail', fix: expect.stringContaining('CHECK_COPY') });
  expect(await tried('CHECK_COPY=.env.test\n')).toMatchObject({ level: 'ok' });
  const inWorktree = await tried('CHECK_IN=worktree\n');
  expect(inWorktree).toMatchObject({ level: 'fail' });
});

test('a folder that cannot be written is a failure', async () => {
  await using dir = await tempDir();
  await chmod(dir.path, 0o555);
  const found = await asOrdinaryUser(() => folderChecks('worktrees', dir.path));
  expect(found[0]).toMatchObject({ id: 'worktrees.write', level: 'fail' });
  await chmod(dir.path, 0o700);
});

test('it reports which clients have samocode, without changing any', async () => {
  await using repo = await makeRepo();
  const gemini = join(repo.root, 'gemini');
  const context = await contextIn(repo, { GEMINI_PATH: gemini });
  const lines = async () =>
    (await doctor({}, context, MACHINE)).checks.filter(({ id }) => /^install/.test(id));
  expect(await lines()).toMatchObject([{ id: 'install', level: 'ok' }]);
  const folder = join(repo.homeDir, '.gemini');
  await mkdir(folder);
  await writeFile(gemini, '#!/bin/sh\nexit 9\n');
  await chmod(gemini, 0o755);
  expect(await lines()).toMatchObject([
    { id: 'install', level: 'ok', found: expect.stringContaining('adds or updates it in Gemini CLI') },
    { id: 'install.gemini', level: 'ok', found: expect.stringContaining('does not have') },
  ]);
  expect(await readdir(folder)).toEqual([]);
});

test('a system setting that ends workers is a warning, and Windows itself a refusal', async () => {
  await using dir = await tempDir();
  for (const [path, text] of [
    ['proc/version', 'Linux version 6.6 (microsoft-standard-WSL2)'],
    ['etc/systemd/logind.conf', '[Login]\nKillUserProcesses=yes\n'],
  ] as const) {
    await mkdir(join(dir.path, path, '..'), { recursive: true });
    await writeFile(join(dir.path, path), text);
  }
  const linux = { ...MACHINE, platform: 'linux' as const, root: dir.path };
  const warned = (await machineChecks(linux, NOW)).filter(({ level }) => level === 'warn');
  expect(warned.map(({ id }) => id)).toEqual(['machine.wsl', 'machine.logout']);
  const [windows, ...more] = await machineChecks({ ...MACHINE, platform: 'win32' }, NOW);
  expect(windows).toMatchObject({ level: 'fail', fix: expect.stringContaining('WSL') });
  expect(more).toEqual([]);
});

test.each([
  ['20.19.0', '2026-04-30T23:59:59Z', undefined],
  ['20.19.0', '2026-05-01T00:00:00Z', 'since 2026-04-30; npm silently installs old agent CLIs'],
  ['21.7.3', '2026-11-26T00:00:00Z', 'since 2024-06-01; npm silently installs old agent CLIs'],
  ['23.11.1', '2026-11-26T00:00:00Z', 'since 2025-06-01.'],
  ['25.9.0', '2026-06-01T00:00:00Z', undefined],
  ['25.9.0', '2026-06-02T00:00:00Z', 'since 2026-06-01.'],
  ['22.23.3', '2026-11-26T00:00:00Z', undefined],
  ['22.23.3', '2027-05-01T00:00:00Z', 'since 2027-04-30.'],
  ['26.10.0', '2027-05-01T00:00:00Z', undefined],
])('Node.js %s at %s: a warning once its support has ended', async (nodeVersion, now, words) => {
  const clock = { ...systemClock, now: () => Date.parse(now) };
  const checks = await machineChecks({ ...MACHINE, nodeVersion }, { env: {}, clock });
  const found = checks.filter(({ id, level }) => id === 'machine.node.support' && level === 'warn');
  expect(found.map((check) => check.found)).toEqual(
    words === undefined ? [] : [expect.stringContaining(words)],
  );
});

test('sessions that other users can read are a hint with the command that closes them', ci, async () => {
  await using dir = await tempDir();
  const sessions = join(dir.path, "Ada's", 'sessions');
  await mkdir(sessions, { recursive: true, mode: 0o755 });
  // Nobody gets through a closed folder above it.
  expect(await privacyCheck(sessions)).toEqual([]);
  await chmod(dir.path, 0o711);
  expect(await privacyCheck(sessions)).toEqual([
    {
      id: 'sessions.private',
      level: 'warn',
      found: `Other users of this machine can read ${sessions}, where the output of agents is.`,
      fix: `Close it: chmod 700 '${sessions.replace("'", "'\\''")}'`,
    },
  ]);
  await chmod(sessions, 0o700);
  expect(await privacyCheck(sessions)).toEqual([]);
  expect(await privacyCheck(join(sessions, 'gone'))).toEqual([]);
});

test('a folder synchronised by a cloud service is a warning, and a missing one a failure', async () => {
  await using dir = await tempDir();
  const synced = join(dir.path, 'Dropbox', 'sessions');
  await mkdir(synced, { recursive: true });
  expect((await folderChecks('sessions', synced)).map(({ level }) => level)).toContain('warn');
  expect(await folderChecks('sessions', join(dir.path, 'none'))).toMatchObject([{ level: 'fail' }]);
});

test('a session that Claude Code would refuse to root is refused before it costs anything', () => {
  const names = ['codex', 'claude'];
  const skip = { permissions: 'skip' } as const;
  const refused = expect.objectContaining({ code: 'root_refused' });
  expect(() => refuseRoot(names, skip, { env: {} }, { uid: 0 })).toThrow(refused);
  refuseRoot(names, skip, { env: { IS_SANDBOX: '1' } }, { uid: 0 });
  // Claude Code 2.1 refuses "yes" and "true" too.
  expect(() => refuseRoot(names, skip, { env: { IS_SANDBOX: 'yes' } }, { uid: 0 })).toThrow(refused);
  refuseRoot(names, { permissions: 'allow' }, { env: {} }, { uid: 0 });
  refuseRoot(['codex'], skip, { env: {} }, { uid: 0 });
});
