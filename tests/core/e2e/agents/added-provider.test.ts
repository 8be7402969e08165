import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import type { Provider } from '../../../../src/core/agents/contract/provider.ts';
import { readTrust, trustProject } from '../../../../src/core/caller/context/trust-project.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { ci } from '../../../support/ci.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { expectContract } from '../../unit/agents/contract.ts';

// A new agent CLI is a folder and a line in the registry: here one more is added to a copy of the sources, which is
// checked, built and run.

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const COPIED = [
  'src',
  'workflow',
  'agents',
  'commands',
  'skills',
  'prompts',
  'scripts',
  'package.json',
  'tsconfig.base.json',
  'tsconfig.json',
];

const PROVIDER = `import { join } from 'node:path';
import type { FinalReport } from '../contract/events.ts';
import type { Provider } from '../contract/provider.ts';
import promptText from './words.md';

export const parrot = {
  name: 'parrot',
  title: 'Parrot',
  defaultCommand: 'parrot',
  settings: { model: '' },
  facts: {
    accounts: 'anyone',
    tested: { oldest: '1.0.0', newest: '1.0.0' },
    readOn: '2026-11-26',
    source: 'https://parrot.example/accounts',
  },
  preflight: {
    login: { args: ['login'] },
    install: 'npm install -g parrot',
    loginFix: 'Run \`parrot login\`.',
  },
  credentials: ['PARROT_KEY'],
  prices: { polly: { input: 2, cached: 0, output: 10 } },
  promptText,
  markers: ['PARROT_SPEAKS'],
  buildCommand: ({ cliPath, sessionDir, promptPath, env }) => ({
    file: cliPath,
    args: ['--signal', join(sessionDir, '_signal.json')],
    env,
    stdinPath: promptPath,
  }),
  newReader: () => ({
    readLine(line) {
      if (!line.includes('"seed"')) return [];
      const report: FinalReport = { ok: true, tokens: { input: 1_000_000, cached: 0, output: 0 } };
      return [{ kind: 'started', model: 'polly-1' }, { kind: 'final', report }];
    },
  }),
  classifyEnd: (final, { exitCode }) =>
    final?.problem ?? (final?.ok || exitCode === 0 ? undefined : { kind: 'crashed' }),
} as const satisfies Provider;
`;

/** An agent of the Agent Client Protocol is a row. */
const ROW = `{
  name: 'toucan',
  title: 'Toucan',
  command: 'toucan',
  args: () => ['acp'],
  install: 'npm install -g toucan',
  loginFix: 'Run \`toucan login\`.',
  facts: { accounts: 'anyone', readOn: '2026-11-26', source: 'https://toucan.example/accounts' },
},`;

const WORDS = '## Your CLI\n\nIt is a bird: speak slowly.\n';

const CLI = `#!/usr/bin/env node
const [first, path] = process.argv.slice(2);
if (first === '--version') console.log('parrot 1.2.3');
if (first === 'login') process.exitCode = Number(require('node:fs').existsSync(__dirname + '/logged-out'));
if (first === '--signal') {
  console.log('{"seed":1}');
  require('node:fs').writeFileSync(path, '{"status":"blocked","reason":"No seed left","needs":"input"}');
}
`;

const AGENT = join(ROOT, 'tests/extensions/acp/difficult-agents/agent.mjs');
const TOUCAN = `#!/bin/sh
[ "$1" = acp ] && exec node '${AGENT}' 'needs a login' .
echo toucan 3.2.1
`;

let copy = '';
let project: Awaited<ReturnType<typeof makeRepo>>;

beforeAll(async () => {
  project = await makeRepo();
  copy = join(project.root, 'samocode');
  await mkdir(copy);
  for (const name of COPIED) await cp(join(ROOT, name), join(copy, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const providers = join(copy, 'src/core/agents');
  await mkdir(join(providers, 'parrot'));
  await writeFile(join(providers, 'parrot/parrot.ts'), PROVIDER);
  await writeFile(join(providers, 'parrot/words.md'), WORDS);
  const registry = join(providers, 'registry.ts');
  const before = await readFile(registry, 'utf8');
  const after = before.replace('const CORE = [claude, ', 'const CORE = [claude, parrot, ');
  await writeFile(registry, `import { parrot } from './parrot/parrot.ts';\n${after}`);
  const agents = join(copy, 'src/extensions/acp/acp-agents.ts');
  const table = await readFile(agents, 'utf8');
  await writeFile(agents, table.replace('export const ACP_AGENTS = [', `export const ACP_AGENTS = [${ROW}`));
  await mkdir(join(project.root, 'bin'));
  await writeFile(join(project.root, 'bin/parrot'), CLI, { mode: 0o755 });
  await writeFile(join(project.root, 'bin/toucan'), TOUCAN, { mode: 0o755 });
  return async () => await project[Symbol.asyncDispose]();
});

let building: Promise<void> | undefined;

/** Once, and only for the tests that run it. */
async function build(): Promise<void> {
  const built = await runCommand(process.execPath, ['scripts/build.mjs'], { cwd: copy });
  expect(built).toMatchObject({ exitCode: 0 });
}

async function samocode(...args: string[]): Promise<string> {
  building ??= build();
  await building;
  const { path: cwd, env, root } = project;
  const PATH = `${join(root, 'bin')}:${env.PATH}`;
  const program = join(copy, 'dist/samocode.js');
  const { stdout, stderr } = await runCommand(process.execPath, [program, ...args], {
    cwd,
    env: { ...env, PATH, PARROT_KEY: 'secret' },
    timeoutMs: 120_000,
  });
  return stdout || stderr;
}

test('no other file needs a change of its types', ci, async () => {
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  // As one program, in half the time of all projects; `npm run check:types` holds which of them may import which.
  const compilerOptions = { composite: false, emitDeclarationOnly: false, noEmit: true };
  const config = { extends: './tsconfig.base.json', compilerOptions, include: ['src'] };
  await writeFile(join(copy, 'types.json'), JSON.stringify(config));
  const { stdout, exitCode } = await runCommand(tsc, ['-p', 'types.json'], { cwd: copy, timeoutMs: 600_000 });
  expect(stdout).toBe('');
  expect(exitCode).toBe(0);
});

test('it complies with the contract of providers', async () => {
  const module: { parrot: Provider } = await import(join(copy, 'src/core/agents/parrot/parrot.ts'));
  await expectContract(module.parrot);
});

const LOGGED_OUT = () => join(project.root, 'bin/logged-out');

test('settings, start choices and doctor name it', async () => {
  const help = await samocode('start', '--help');
  expect(help.replaceAll(/\s+/g, ' ')).toContain('claude, parrot, codex, gemini, toucan, opencode, ');
  await samocode('init');
  const settings = await samocode('config');
  for (const key of ['PARROT_PATH', 'PARROT_MODEL', 'PARROT_TIMEOUT', 'TOUCAN_PATH', 'TOUCAN_MODEL'])
    expect(settings).toContain(key);
  expect(await samocode('start', '--provider', 'parot', '--task', 'Speak')).toContain('parrot');
  const doctor = await samocode('doctor', '--verbose');
  expect(doctor).toMatch(/ok\tcli\.parrot\t.*parrot 1\.2\.3/);
  await writeFile(LOGGED_OUT(), '');
  const loggedOut = await samocode('doctor', '--verbose');
  expect(loggedOut).toMatch(/unused\tcli\.parrot\t.*Parrot reports that you are not logged in/);
});

test('a session runs with it once it is logged in: its text is in the prompt, its price in the cost', async () => {
  await samocode('init');
  await writeFile(LOGGED_OUT(), '');
  const start = ['start', '--provider', 'parrot', '--task', 'Speak', '--name', 'speak'];
  expect(await samocode(...start)).toContain('parrot login');
  await rm(LOGGED_OUT());
  await samocode(...start);
  await samocode('wait', 'speak');
  const status = JSON.parse(await samocode('status', 'speak', '--json'));
  expect(status).toMatchObject({ state: 'blocked', says: { reason: 'No seed left' }, cost_usd: 2 });
  const [prompt] = await textsNamed(status.run_dir, 'prompt.md');
  expect(prompt).toContain('It is a bird: speak slowly.');
});

test('an agent of the protocol is one row: doctor knows it, and a session runs with it', async () => {
  await rm(join(project.path, '.samocode'));
  await samocode('init', '--yes', '--set', 'SANDBOX=off', 'ACP_WITHOUT_GUARD=yes');
  await trustByPerson();
  const machine = join(project.homeDir, '.config/samocode/.env');
  await writeFile(machine, 'SAMOCODE_PROVIDER=toucan\n', { mode: 0o600 });
  const doctor = await samocode('doctor', '--verbose');
  expect(doctor).toMatch(/ok\tcli\.toucan\t.*toucan 3\.2\.1/);
  expect(doctor).not.toContain('cli.toucan.login');
  await samocode('start', '--task', 'Peck', '--name', 'peck');
  await samocode('wait', 'peck');
  const status = JSON.parse(await samocode('status', 'peck', '--json'));
  expect(status).toMatchObject({
    state: 'blocked',
    says: { reason: expect.stringContaining('Authentication required') },
  });
});

/** No program may relax a rule: a person reads the lines in a terminal. */
async function trustByPerson(): Promise<void> {
  const { env, homeDir: home, path: cwd } = project;
  const programs = { worker: join(copy, 'dist/worker.cjs'), rehearsal: '' };
  const host = await systemHost();
  const context = { clock: systemClock, host, env, home, cwd, by: { channel: 'cli' as const }, programs };
  const { fileHash: hash } = (await readTrust({}, context)).project;
  await trustProject({ hash }, context);
}

/** Every file of this name below a folder. */
async function textsNamed(folder: string, name: string): Promise<string[]> {
  const paths = await readdir(folder, { recursive: true });
  const found = paths.filter((path) => path.endsWith(`/${name}`)).map((path) => join(folder, path));
  return await Promise.all(found.map((path) => readFile(path, 'utf8')));
}
