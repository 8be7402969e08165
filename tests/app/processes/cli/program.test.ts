import { access, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../../support/ci.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { typed } from '../../unit/cli/typed.ts';

test(
  'with --yes, init adds the check that the repository suggests, and otherwise only the given lines',
  ci,
  async () => {
    await using repo = await makeRepo();
    await repo.write({ 'package.json': '{"scripts":{"test":"node --test"}}' });
    const place = { cwd: repo.path, home: repo.homeDir };
    expect(await typed(['init', '-y', '--set', 'PROVIDER=rehearsal'], place)).toMatchObject({ exitCode: 0 });
    const written = await readFile(join(repo.path, '.samocode'), 'utf8');
    expect(written).toMatch(/^CHECK=.*npm test$/m);
    expect(written).toMatch(/^PROVIDER=rehearsal$/m);
    // An existing file is not changed.
    expect((await typed(['init', '-y'], place)).exitCode).toBe(0);
    expect(await readFile(join(repo.path, '.samocode'), 'utf8')).toBe(written);
  },
);

test('with --yes, init tries what the repository suggests only in a guard', async () => {
  await using repo = await makeRepo();
  const ran = join(repo.root, 'ran');
  await repo.write({ Makefile: `test:\n\ttouch ${ran}\n` });
  await repo.git(['add', 'Makefile']);
  await repo.git(['commit', '--quiet', '-m', 'Test']);
  const place = { cwd: repo.path, home: repo.homeDir };
  for (const line of ['SANDBOX=off', 'CHECK_IN=worktree']) {
    const { stdout } = await typed(['init', '-y', '--set', line], place);
    expect(stdout).toContain('Not tried, because they would run outside of a sandbox.');
    const file = join(repo.path, '.samocode');
    expect(await readFile(file, 'utf8')).toContain('\nCHECK=make test\n');
    await rm(file);
  }
  await expect(access(ran)).rejects.toThrow('ENOENT');
  const { stdout } = await typed(['init', '-y', '--set', `SANDBOX_WRITE=${repo.root}`], place);
  expect(stdout).toContain('`make test` passes');
});

test('with --yes, init says which ports and services the repository suggests, and writes none of them', async () => {
  await using repo = await makeRepo();
  await repo.write({
    'package.json': '{"scripts":{"test":"node --test","dev":"vite"}}',
    'compose.yaml': 'services:\n  db:\n    image: postgres:17\n',
  });
  const place = { cwd: repo.path, home: repo.homeDir };
  const { exitCode, stdout, stderr } = await typed(['init', '-y', '--set', 'PROVIDER=rehearsal'], place);
  expect(exitCode).toBe(0);
  const said = stdout + stderr;
  expect(said).toContain('compose.yaml, package.json suggest ports and services for each session:');
  expect(said).toContain('PORTS=web,db');
  expect(said).toContain('SERVICE_WEB=npm run dev -- --port {port.web}');
  expect(said).toContain('To use them, write these lines into .samocode.');
  const file = join(repo.path, '.samocode');
  const written = await readFile(file, 'utf8');
  expect(written).not.toMatch(/^(?:PORTS|SERVICE_\w+|READY_\w+)=/m);

  // The lines are valid once they are written as shown.
  const lines = said.match(/^ {2}(?:PORTS|(?:SERVICE|READY|ENV)_\w+)=.*$/gm) ?? [];
  await writeFile(file, `${written}${lines.map((line) => `${line.trim()}\n`).join('')}`);
  const config = await typed(['config', '--json'], place);
  expect(config.exitCode).toBe(0);
  expect(config.stdout).toContain('pg_isready -h 127.0.0.1 -p {port.db}');
});

test('with --yes, start adds the check that the repository suggests, and names it', async () => {
  await using repo = await makeRepo();
  await repo.write({ 'package.json': '{"scripts":{"test":"node --test"}}' });
  const place = { cwd: repo.path, home: repo.homeDir };
  const { stdout, stderr } = await typed(['start', '-y', '--no-run', '--task', 'x'], place);
  expect(await readFile(join(repo.path, '.samocode'), 'utf8')).toMatch(/^CHECK=CI=1 npm test$/m);
  expect(stdout).toContain('package.json suggests the check: CI=1 npm test; it is used.');
  expect(stderr).not.toContain('no CHECK');
});

test('a misspelt option is one JSON object with --json', async () => {
  await using repo = await makeRepo();
  const { stdout, stderr } = await typed(['list', '--jsn', '--json'], { cwd: repo.path, home: repo.homeDir });
  expect(JSON.parse(stdout).error).toMatchObject({ code: 'usage', hint: 'Did you mean --json?' });
  expect(stderr).toBe('');
});

test('run outside a project creates nothing without consent and says what it would create', async () => {
  await using repo = await makeRepo();
  const { stderr, exitCode } = await typed(['run', '--task', 'x'], { cwd: repo.path, home: repo.homeDir });
  expect(exitCode).toBe(1);
  expect(stderr).toContain(
    'it needs the file .samocode; folders for its sessions and worktrees, outside of the repository',
  );
  await expect(access(join(repo.path, '.samocode'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('declining at the terminal creates nothing', async () => {
  await using repo = await makeRepo();
  const place = { cwd: repo.path, home: repo.homeDir, says: ['n'] };
  const { stdout, exitCode } = await typed(['start', '--task', 'x'], place);
  expect(exitCode).toBe(1);
  expect(stdout).toContain('There is no samocode project');
  await expect(access(join(repo.path, '.samocode'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('init creates a project, and a second init finds it complete', async () => {
  await using repo = await makeRepo();
  const place = { cwd: repo.path, home: repo.homeDir };
  const first = await typed(['init', '--set', 'PROVIDER=rehearsal', '--json'], place);
  expect(JSON.parse(first.stdout)).toMatchObject({ kind: 'made', provider: 'rehearsal' });
  const second = await typed(['init'], place);
  expect(second.stdout).toContain('is valid');
});

test.each([
  ['PROVDER=codex', 'Did you mean PROVIDER?'],
  ['CHEK=npm test', 'Did you mean CHECK?'],
  ['MAX_COST_USD=ten', 'MAX_COST_USD in the given lines, line 1, cannot be used.'],
  ['PROVIDER=codexx', 'Did you mean "codex"?'],
])('--set %j is refused before anything is written, also beside an existing file', async (line, words) => {
  await using repo = await makeRepo();
  const place = { cwd: repo.path, home: repo.homeDir };
  const refused = await typed(['init', '--set', line], place);
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining(words)]);
  await expect(access(join(repo.path, '.samocode'))).rejects.toMatchObject({ code: 'ENOENT' });
  await typed(['init', '--set', 'PROVIDER=rehearsal'], place);
  expect((await typed(['init', '--set', line], place)).stderr).toContain(words);
});

test('a --set that is not KEY=VALUE is a usage error', async () => {
  await using repo = await makeRepo();
  const { exitCode } = await typed(['init', '--set', 'provider'], { cwd: repo.path, home: repo.homeDir });
  expect(exitCode).toBe(2);
});

test('config shows the source of each value', async () => {
  await using repo = await makeRepo();
  const place = { cwd: repo.path, home: repo.homeDir, env: { CLAUDE_MODEL: 'sonnet' } };
  await typed(['init', '--set', 'TIMEOUT=60'], place);
  const { stdout } = await typed(['config', '--json'], place);
  const { settings } = JSON.parse(stdout) as { settings: { key: string; value: unknown; source: object }[] };
  const of = (key: string) => settings.find((setting) => setting.key === key);
  expect(of('TIMEOUT')).toMatchObject({ value: 60, source: { kind: 'project_file', line: 3 } });
  expect(of('MODEL')).toMatchObject({
    value: 'sonnet',
    source: { kind: 'environment', name: 'CLAUDE_MODEL' },
  });
  expect(of('SANDBOX')).toMatchObject({ value: 'auto', source: { kind: 'default' } });
  expect(of('SANDBOX_WRITE')).toEqual({ key: 'SANDBOX_WRITE', source: { kind: 'unset' } });
});

test('config never shows a secret', async () => {
  await using repo = await makeRepo();
  const env = { TELEGRAM_BOT_TOKEN: '123:abc' };
  const place = { cwd: repo.path, home: repo.homeDir, env };
  for (const argv of [['config'], ['config', '--json']]) {
    expect((await typed(argv, place)).stdout).not.toContain('123:abc');
  }
});

test('config and start report the same problems of a project, including missing folders', async () => {
  await using repo = await makeRepo({ files: { '.samocode': 'SESSIONS=gone\nWORKTREES=.\nTIMEOUT=abc\n' } });
  const place = { cwd: repo.path, home: repo.homeDir };
  const shown = await typed(['config', '--json'], place);
  const { settings } = JSON.parse(shown.stdout) as { settings: { key: string; problem?: string }[] };
  const problems = settings.flatMap(({ problem }) => problem ?? []);
  expect(settings.filter(({ problem }) => problem).map(({ key }) => key)).toEqual([
    'WORKTREES',
    'SESSIONS',
    'TIMEOUT',
  ]);
  expect(shown.exitCode).toBe(1);
  const { stderr, exitCode } = await typed(['start', '--task', 'x'], place);
  expect(exitCode).toBe(1);
  expect(stderr.split('\n').slice(0, 4)).toEqual([
    '✘ No session was started.',
    ...problems.map((problem, index) => `  ${index + 1}. ${problem}`),
  ]);
});

test('doctor runs the checks of a project only when it is asked to', async () => {
  await using repo = await makeRepo();
  const place = { cwd: repo.path, home: repo.homeDir };
  await typed(['init', '--set', 'CHECK=false'], place);
  const found = async (argv: string[]) => {
    const report = JSON.parse((await typed(argv, place)).stdout) as {
      checks: { id: string; level: string }[];
    };
    return report.checks.find(({ id }) => id === 'check.1')?.level;
  };
  expect(await found(['doctor', '--json'])).toBe('ok');
  expect(await found(['doctor', '--checks', '--json'])).toBe('fail');
});

test('an unknown session is refused with a hint for the terminal', async () => {
  await using repo = await makeRepo();
  const place = { cwd: repo.path, home: repo.homeDir };
  await typed(['init'], place);
  const { stderr, exitCode } = await typed(['status', 'nothing'], place);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('There is no session "nothing".');
  expect(stderr).not.toMatch(/list_sessions|start_session/);
});

test('the original form requires both of its arguments', async () => {
  await using repo = await makeRepo();
  const { stderr, exitCode } = await typed(['--session', 'x'], { cwd: repo.path, home: repo.homeDir });
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--config');
});

test('a log cannot be followed with --json', async () => {
  await using repo = await makeRepo();
  const place = { cwd: repo.path, home: repo.homeDir };
  expect((await typed(['log', 'x', '--follow', '--json'], place)).exitCode).toBe(2);
});

test('start accepts limits and a fallback for its session, and names an invalid one', async () => {
  await using repo = await makeRepo();
  const place = { cwd: repo.path, home: repo.homeDir };
  await typed(['init', '--set', 'PROVIDER=rehearsal'], place);
  const wrong = await typed(['start', '--task', 'x', '--max-cost-usd', 'much'], place);
  expect(wrong).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('For example --max-cost-usd 20.'),
  });
  const other = await typed(['start', '--task', 'x', '--fallback', 'clod'], place);
  expect(other).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--fallback must be') });
  const named = await typed(['start', '--task', 'x', '--provider', 'gemni'], place);
  expect(named.stderr).toContain('Did you mean --provider gemini?');
  const phase = await typed(['start', '--task', 'x', '--providers', 'quality=gpt'], place);
  expect(phase).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('--providers quality= must be one of'),
  });
});

test.each([
  [
    ['list', 'x', 'y'],
    "Too many arguments for 'list'. Expected 0 arguments but got 2.",
    'samocode list --help',
  ],
  [['demo', '--pace', 'x'], 'It must be a number of milliseconds.', 'samocode demo --help'],
  [['changes', 'boat'], "argument 'feedback'.", 'Write: samocode changes <session> <feedback…>.'],
  [['services', 'boat'], "argument 'act'.", 'Write: samocode services <session> up|down|logs [name].'],
  [['verify'], 'It is not said what to verify.', 'samocode verify <session>'],
  [['init', '--provider', 'codex'], "Unknown option '--provider'.", 'Write --set PROVIDER=…'],
  [['cost', '--dayz', '3'], "Unknown option '--dayz'.", 'It takes --project, --json'],
  [['help', 'lst'], "Unknown command 'lst'.", 'Did you mean list?'],
  [['help', 'zzzzz'], "Unknown command 'zzzzz'.", 'samocode --help'],
  [['stat'], "Unknown command 'stat'.", 'Did you mean status?'],
  [['co'], "Unknown command 'co'.", 'Did you mean cost, config, or completion?'],
  [['doctor', '--verb'], "Unknown option '--verb'.", 'Did you mean --verbose?'],
  [['resume', 'x', '--max-hours', 'abc'], "argument 'abc' is invalid. It must be a number", 'resume --help'],
  [
    ['rewind', 'x', '--to', 'abc'],
    "'abc' is invalid. It must be the number of an iteration.",
    'rewind --help',
  ],
  [['rewind', 'x', '--to', '1', '--undo'], "cannot be used with option '--undo'.", 'rewind --help'],
  [['diff', 'x', '--new', '--iteration', '1'], "Option '--new' cannot be used with option", 'diff --help'],
  [['supervisor', '--status', '--install'], "cannot be used with option '--install'.", 'supervisor --help'],
  [['supervisor', '--install', '--uninstall'], "used with option '--uninstall'.", 'supervisor --help'],
  [['start', '--task', 'x', '--models', 'tests=opus'], 'the phases are init, investigation', 'start --help'],
  [['-C', '/tmp', 'list'], "Unknown option '-C'.", 'samocode list -C …'],
  [['--task', 'Add auth'], "Required option '--config <file>' not specified.", 'samocode run --task "…"'],
  [['start', 'Add', 'auth'], 'Too many arguments', 'samocode start --task "…"'],
  [['web', '--mcp'], "Unknown option '--mcp'.", 'ssh <this machine> samocode-mcp'],
  [['web', 'token', 'add', 'phone'], 'Too many arguments', 'ssh <this machine> samocode-mcp'],
  [['run', 'Add', 'auth'], 'Too many arguments', 'samocode run --task "…"'],
])('%j is refused in full sentences, with the nearest alternative', async (argv, why, hint) => {
  await using repo = await makeRepo();
  const { stderr, exitCode } = await typed(argv, { cwd: repo.path, home: repo.homeDir });
  expect(exitCode).toBe(2);
  expect(stderr).toContain(why);
  expect(stderr).toContain(hint);
  expect(stderr).not.toMatch(/\.\.|outputHelp/);
});

test('a task at the position of a session name is distinguished from a session, with or without options', async () => {
  await using repo = await makeRepo();
  const place = { cwd: repo.path, home: repo.homeDir };
  await typed(['init'], place);
  for (const more of [[], ['--provider', 'rehearsal']]) {
    const { stderr, exitCode } = await typed(['run', 'Add JWT auth', ...more], place);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('There is no session "Add JWT auth".');
    expect(stderr).toContain('samocode run --task "…"');
  }
});

test('a folder that does not exist is reported as such, not as a folder without a project', async () => {
  await using repo = await makeRepo();
  const { stderr } = await typed(['list', '-C', '/no/such/folder'], { cwd: repo.path, home: repo.homeDir });
  expect(stderr).toContain('There is no folder /no/such/folder.');
});
