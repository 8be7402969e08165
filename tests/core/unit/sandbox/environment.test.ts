import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { variablesOfClis } from '../../../../src/core/sandbox/cli-state.ts';
import {
  childEnvironment,
  leftOutOf,
  type VariableFilter,
} from '../../../../src/core/sandbox/programs/environment.ts';
import { supervisorEnvironment } from '../../../../src/core/sandbox/programs/launch-supervisor.ts';
import { nodePath } from '../../../../src/core/sandbox/programs/node-path.ts';
import { HAS_EXTENSIONS } from '../../../support/has-extensions.ts';
import { ORDINARY_NAMES, SECRET_NAMES } from '../../../support/secret-names.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

const marks = { sessionUlid: '01JH0000000000000000000000', iteration: 7 };

test('an agent carries the markers of its session and iteration', () => {
  expect(childEnvironment({ SAMOCODE_ITERATION: '6' }, marks)).toMatchObject({
    SAMOCODE_SESSION: marks.sessionUlid,
    SAMOCODE_ITERATION: '7',
  });
});

test('variables of the parent client for its own children are not passed on', () => {
  const env = {
    CLAUDECODE: '1',
    CLAUDE_PROJECT_DIR: '/other',
    CLAUDE_CODE_MESSAGING_TOKEN: 'token',
    GEMINI_CLI: '1',
    AI_AGENT: 'claude-code',
    npm_lifecycle_event: 'npx',
    INIT_CWD: '/other',
  };
  const given = childEnvironment(env, marks);
  for (const name of Object.keys(env)) expect(given).not.toHaveProperty(name);
});

test('no agent and no worker of a supervisor gets notification settings', () => {
  const env = { NOTIFY_WEBHOOK_URL: 'https://x', NOTIFY_WEBHOOK_SECRET: 'hush', NOTIFY_COMMAND: 'x' };
  const agent = childEnvironment({ ...env, NOTIFY_SOCKET: '/run/x' }, marks);
  expect(Object.keys(agent).filter((name) => name.startsWith('NOTIFY_'))).toEqual(['NOTIFY_SOCKET']);
  const worker = supervisorEnvironment(env, '/home/x');
  expect(Object.keys(worker).filter((name) => name.startsWith('NOTIFY_'))).toEqual([]);
});

test("agents do not get samocode's settings and secrets", () => {
  const env = { TELEGRAM_BOT_TOKEN: 'secret', TELEGRAM_CHAT_ID: '1', SAMOCODE_MAX_RETRIES: '3' };
  const given = childEnvironment(env, marks);
  for (const name of Object.keys(env)) expect(given).not.toHaveProperty(name);
  expect(Object.values(given)).not.toContain('secret');
});

/** Logins that are no secrets of their own, and programs that know one. */
const LOGINS =
  `AWS_PROFILE AZURE_CLIENT_ID ARM_TENANT_ID CLOUDSDK_CONFIG DIGITALOCEAN_CONTEXT DATABASE_URL GIT_ASKPASS SSH_ASKPASS`.split(
    ' ',
  );
const SECRETS = [...SECRET_NAMES, ...LOGINS];
const ORDINARY = {
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'user.name',
  GIT_CONFIG_VALUE_0: 'Ada',
  HTTPS_PROXY: 'http://proxy:1',
  MONKEY_HOME: '/m',
  KEYMAP: 'de',
  TOKENIZERS_PARALLELISM: '0',
  GITHUB_REPOSITORY: 'o/r',
};
const GIVEN = { ...Object.fromEntries(SECRETS.map((name) => [name, 'secret'])), ...ORDINARY };
const OPEN = { isStrict: false, env: [], clis: [] };
const secretsIn = (filter: VariableFilter | undefined) =>
  Object.keys(childEnvironment(GIVEN, { ...marks, filter })).filter((name) => SECRETS.includes(name));

test('without a sandbox every login passes', () => {
  expect(secretsIn(undefined)).toEqual(SECRETS);
});

test.each([true, false])(
  'a sandbox admits no variable whose name is that of a secret (strict: %s)',
  (isStrict) => {
    expect(secretsIn({ ...OPEN, isStrict })).toEqual([]);
  },
);

test.each(ORDINARY_NAMES.filter((name) => !/^(?:GIT_CONFIG_|PATH$|INIT_CWD$)/.test(name)))(
  '%s reaches agents',
  (name) => {
    expect(childEnvironment({ [name]: 'x' }, { ...marks, filter: OPEN })).toHaveProperty([name], 'x');
  },
);

test('names that only resemble a secret, and settings of git, pass', () => {
  const { GIT_CONFIG_COUNT: _, ...others } = ORDINARY;
  expect(childEnvironment(GIVEN, { ...marks, filter: OPEN })).toMatchObject({
    ...others,
    GIT_CONFIG_KEY_0: expect.any(String),
  });
});

test.each([true, false])('what the settings name, and what a CLI owns, passes (strict: %s)', (isStrict) => {
  expect(secretsIn({ isStrict, env: ['NPM_TOKEN', 'CLOUDSDK_*'], clis: [] })).toEqual([
    'NPM_TOKEN',
    'CLOUDSDK_CONFIG',
  ]);
  expect(secretsIn({ isStrict, env: [], clis: ['claude'] })).toEqual(['ANTHROPIC_API_KEY']);
  if (!HAS_EXTENSIONS) return;
  expect(secretsIn({ isStrict, env: [], clis: ['copilot'] })).toEqual(['GH_TOKEN']);
  expect(secretsIn({ isStrict, env: [], clis: ['opencode'] })).toEqual([
    'ANTHROPIC_API_KEY',
    'OPENAI_API_KEY',
  ]);
});

test('a report names the variables that were left out, and never those of a terminal or of samocode', () => {
  const env = {
    NPM_TOKEN: 'x',
    AWS_PROFILE: 'y',
    EMPTY_TOKEN: '',
    SSH_AUTH_SOCK: '/s',
    TELEGRAM_BOT_TOKEN: 'z',
  };
  expect(leftOutOf(env, OPEN)).toBe(
    'Left out of the environment: AWS_PROFILE, NPM_TOKEN (SANDBOX_ENV names what passes).',
  );
  expect(leftOutOf(env, { ...OPEN, env: ['NPM_TOKEN', 'AWS_PROFILE'] })).toBe('');
  expect(leftOutOf(env, undefined)).toBe('');
  // Secrets first, because only the first ones are named.
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`A${at}`, 'x']));
  expect(leftOutOf({ ...many, Z_TOKEN: 'x' }, { ...OPEN, isStrict: true })).toMatch(
    /: Z_TOKEN, A0, .* and 19 more/,
  );
});

test('a CLI gets the variables that its own settings name, and those of the cloud that it uses', async () => {
  await using home = await tempDir();
  const env = { HOME: home.path, HUB_KEY: 'x', OTHER_KEY: 'y', AWS_PROFILE: 'z' };
  expect(await variablesOfClis(['codex', 'claude'], env)).toEqual([]);
  await mkdir(join(home.path, '.codex'));
  await writeFile(join(home.path, 'dotfiles.toml'), '[model_providers.hub]\nenv_key = "HUB_KEY"\n');
  await symlink('../dotfiles.toml', join(home.path, '.codex/config.toml'));
  expect(await variablesOfClis(['codex', 'claude'], env)).toEqual(['HUB_KEY']);
  expect(await variablesOfClis(['claude'], env)).toEqual([]);
  expect(await variablesOfClis(['claude'], { ...env, CLAUDE_CODE_USE_BEDROCK: '1' })).toEqual([
    'AWS_PROFILE',
  ]);
  await mkdir(join(home.path, 'moved'));
  await writeFile(join(home.path, 'moved/settings.json'), '{"env":{"CLAUDE_CODE_USE_BEDROCK":"1"}}');
  const moved = { ...env, CLAUDE_CONFIG_DIR: join(home.path, 'moved') };
  expect(await variablesOfClis(['claude'], moved)).toEqual(['AWS_PROFILE']);
});

test('logins, proxies and folders of the CLIs pass unchanged', () => {
  const env = {
    HOME: '/home/ada',
    ANTHROPIC_API_KEY: 'key',
    CLAUDE_CODE_OAUTH_TOKEN: 'token',
    CLAUDE_CODE_USE_BEDROCK: '1',
    CLAUDE_CONFIG_DIR: '/home/ada/.claude',
    CODEX_HOME: '/home/ada/.codex',
    HTTPS_PROXY: 'http://proxy:1',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_SSH_COMMAND: 'ssh -i key',
  };
  expect(childEnvironment(env, marks)).toMatchObject(env);
});

test('git uses no other repository and starts no maintenance that outlives the agent', () => {
  const env = {
    GIT_DIR: '/other/.git',
    GIT_INDEX_FILE: '/other/index',
    GIT_CONFIG_COUNT: '1',
  };
  const given = childEnvironment(env, marks);
  expect(given).not.toHaveProperty('GIT_DIR');
  expect(given).not.toHaveProperty('GIT_INDEX_FILE');
  expect(given).toMatchObject({
    GIT_CONFIG_COUNT: '3',
    GIT_CONFIG_KEY_0: 'gc.auto',
    GIT_CONFIG_VALUE_0: '0',
    GIT_CONFIG_KEY_1: 'maintenance.auto',
    GIT_CONFIG_VALUE_1: 'false',
  });
});

test("an agent commits with the user's identity from other settings files, and reaches remotes like the user", async () => {
  await using repo = await makeRepo({ anonymous: true });
  const settings = join(repo.root, 'my-git-settings');
  await writeFile(settings, '[user]\n\tname = Ada\n\temail = ada@example.invalid\n');
  const env = {
    ...repo.env,
    GIT_CONFIG_GLOBAL: settings,
    GIT_SSH_VARIANT: 'ssh',
    GIT_SSL_CERT: '/cert',
    GIT_ASKPASS: '/ask',
  };
  const given = childEnvironment(env, marks);
  expect(given).toMatchObject({ GIT_SSH_VARIANT: 'ssh', GIT_SSL_CERT: '/cert', GIT_ASKPASS: '/ask' });
  const commit = ['commit', '--quiet', '--allow-empty', '-m', 'Work'];
  expect((await runCommand('git', commit, { cwd: repo.path, env: given })).exitCode).toBe(0);
  expect(await repo.git(['log', '-1', '--format=%an <%ae>'])).toBe('Ada <ada@example.invalid>');
});

test('the folder that Codex prepended to PATH for its own run is removed', () => {
  const path = '/home/ada/.codex/tmp/arg0-linux/codex-arg0i5QBbS:/usr/bin:/opt/codex-arg0-docs/bin:/bin';
  expect(childEnvironment({ PATH: path }, marks).PATH).toBe('/usr/bin:/opt/codex-arg0-docs/bin:/bin');
});

test('the folder of the CLI is the last one on PATH, once', () => {
  const cliPath = '/home/ada/.nvm/versions/node/v22.3.0/bin/codex';
  const given = childEnvironment({ PATH: '/usr/bin:/bin' }, { ...marks, cliPath });
  expect(given.PATH).toBe('/usr/bin:/bin:/home/ada/.nvm/versions/node/v22.3.0/bin');
  expect(childEnvironment(given, { ...marks, cliPath }).PATH).toBe(given.PATH);
});

test('no secret and no foreign marker is passed on, whatever the environment', () => {
  const name = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.constantFrom('SAMOCODE_', 'TELEGRAM_', 'GIT_').chain((start) => fc.string().map((end) => start + end)),
  );
  fc.assert(
    fc.property(fc.dictionary(name, fc.constant('foreign')), (env) => {
      const given = childEnvironment(env, marks);
      const ours = Object.entries(given).filter(([key]) => /^(?:SAMOCODE|TELEGRAM)_/.test(key));
      expect(ours.map(([, value]) => value)).toEqual([marks.sessionUlid, '7']);
      expect(given.GIT_CONFIG_COUNT).toBe('3');
    }),
  );
});

test("a supervisor has the variables of a login and samocode's settings, whoever starts it", () => {
  const env = {
    PATH: '/bin',
    LANG: 'C',
    TERM: 'xterm',
    API_KEY: 'k',
    SAMOCODE_X: '1',
    SAMOCODE_SESSION: 's',
  };
  const SHELL = '/bin/zsh';
  expect(supervisorEnvironment({ ...env, SHELL }, '/home/ada')).toEqual({
    ...{ PATH: '/bin', LANG: 'C', SAMOCODE_X: '1', SHELL, HOME: '/home/ada' },
  });
});

test('without SHELL the login shell is read from the system', () => {
  expect(supervisorEnvironment({}, '/home/ada').SHELL).toBe(userInfo().shell ?? undefined);
});

/** Runs `act` in a program whose Node was replaced since its start. */
async function withNodeGone<T>(act: () => Promise<T>): Promise<T> {
  const { execPath } = process;
  process.execPath = '/usr/lib/node-20.19.0/bin/node';
  return await act().finally(() => {
    process.execPath = execPath;
  });
}

test('a program whose Node was replaced by an upgrade starts others with the current Node', async () => {
  const found = await withNodeGone(() => nodePath({ PATH: process.env.PATH }));
  expect(basename(found)).toMatch(/^node/);
  expect(found).not.toBe('/usr/lib/node-20.19.0/bin/node');
});
