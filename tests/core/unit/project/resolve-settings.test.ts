import { expect, test } from 'vitest';
import { readSettings, type SettingTexts } from '../../../../src/core/project/settings/read-settings.ts';
import { agentSettings, resolveSettings } from '../../../../src/core/project/settings/resolve-settings.ts';
import { HAS_EXTENSIONS } from '../../../support/has-extensions.ts';

const REQUIRED = 'MAIN_REPO=.\nWORKTREES=~/trees\nSESSIONS=/s\n';
const FILE = '/p/.samocode';
const ENV_FILE = '/home/me/.config/samocode/.env';

interface Plan {
  file?: string;
  envFile?: string;
  env?: Record<string, string>;
  call?: SettingTexts['call'];
}

function textsOf({ file = '', envFile, env = {}, call }: Plan): SettingTexts {
  return {
    projectFile: { path: FILE, text: REQUIRED + file },
    ...(envFile === undefined ? {} : { envFile: { path: ENV_FILE, text: envFile } }),
    env,
    homeDir: '/home/me',
    ...(call ? { call } : {}),
  };
}
const resolved = (plan: Plan) => resolveSettings(textsOf(plan));
const valuesOf = (plan: Plan) => resolved(plan).values;
const warningsOf = (plan: Plan) => resolved(plan).warnings.map(({ text }) => text);

test('with only the folders set, every setting has its default', () => {
  expect(valuesOf({})).toMatchObject({
    mainRepo: '/p',
    worktrees: '/home/me/trees',
    sessions: '/s',
    provider: 'claude',
    model: 'opus',
    timeoutSeconds: 1800,
    permissions: 'skip',
    sandbox: 'auto',
    gates: ['qa', 'plan'],
    checks: [],
    fallback: [],
    branchPrefix: 'samocode',
    CLAUDE_MAX_TURNS: 300,
    maxRetries: 3,
    retryDelaySeconds: 5,
    retryHours: 12,
    modelByPhase: {},
  });
  expect(valuesOf({}).maxHours).toBeUndefined();
  expect(valuesOf({}).sandboxWrite).toBeUndefined();
});

test('a call overrides the environment, which overrides .samocode, which overrides .env', () => {
  const all: Plan = {
    call: { timeoutSeconds: 1 },
    env: { CLAUDE_TIMEOUT: '2' },
    file: 'TIMEOUT=3',
    envFile: 'CLAUDE_TIMEOUT=4',
  };
  expect(valuesOf(all).timeoutSeconds).toBe(1);
  expect(valuesOf({ ...all, call: {} }).timeoutSeconds).toBe(2);
  expect(valuesOf({ ...all, call: {}, env: {} }).timeoutSeconds).toBe(3);
  expect(valuesOf({ envFile: 'CLAUDE_TIMEOUT=4' }).timeoutSeconds).toBe(4);
});

test.each([
  [{ env: { KEEP_5H: '20%' }, file: 'KEEP_5H=30%' }, 30, 'project_file'],
  [{ env: { KEEP_5H: '20%' }, file: 'KEEP_5H=10%' }, 20, 'environment'],
  [{ envFile: 'KEEP_5H=20', file: 'KEEP_5H=10' }, 20, 'env_file'],
  [{ env: { KEEP_5H: '10' }, envFile: 'KEEP_5H=40', file: 'KEEP_5H=20' }, 20, 'project_file'],
  [{ file: 'KEEP_5H=10 %' }, 10, 'project_file'],
  [{}, undefined, 'unset'],
])('what is kept of a plan is raised by a repository, and never lowered: %j', (given, value, kind) => {
  expect(valuesOf(given).keep5h).toBe(value);
  expect(resolved(given).readings.get('KEEP_5H')?.source).toMatchObject({ kind });
});

test('a repository that would keep nearly everything is refused', () => {
  expect(() => resolved({ file: 'KEEP_7D=91%' })).toThrow('a whole percentage from 0% to 90%');
});

test('each value records its source', () => {
  const { readings } = resolved({
    call: { maxHours: 2 },
    env: { SAMOCODE_PROVIDER: 'codex' },
    file: 'MAX_PARALLEL=2',
    envFile: 'CODEX_TIMEOUT=60',
  });
  const sources = [...readings.values()].map(({ key, source }) => [key, source] as const);
  expect(Object.fromEntries(sources)).toMatchObject({
    MAX_HOURS: { kind: 'call' },
    PROVIDER: { kind: 'environment', name: 'SAMOCODE_PROVIDER' },
    MAX_PARALLEL: { kind: 'project_file', path: FILE, key: 'MAX_PARALLEL', line: 4 },
    TIMEOUT: { kind: 'env_file', path: ENV_FILE, name: 'CODEX_TIMEOUT' },
    PERMISSIONS: { kind: 'default' },
    SETUP: { kind: 'unset' },
  });
});

test('MODEL and TIMEOUT go with the provider in use', () => {
  const env = { CLAUDE_MODEL: 'sonnet', CODEX_MODEL: 'gpt-5', CODEX_TIMEOUT: '7' };
  expect(valuesOf({ env })).toMatchObject({ model: 'sonnet', timeoutSeconds: 1800 });
  expect(valuesOf({ env, file: 'PROVIDER=codex' })).toMatchObject({ model: 'gpt-5', timeoutSeconds: 7 });
  expect(valuesOf({ file: 'PROVIDER=gemini' }).model).toBe('');
  if (HAS_EXTENSIONS)
    expect(valuesOf({ file: 'PROVIDER=rehearsal' })).toMatchObject({ model: '', timeoutSeconds: 1800 });
  expect(valuesOf({ env: { GIT_BRANCH_PREFIX: 'me' } }).branchPrefix).toBe('me');
});

test('an empty BRANCH_PREFIX in .samocode means no prefix, and elsewhere it is ignored', () => {
  const envFile = 'GIT_BRANCH_PREFIX=team';
  expect(valuesOf({ file: 'BRANCH_PREFIX=' }).branchPrefix).toBe('');
  expect(valuesOf({ file: 'BRANCH_PREFIX=""', envFile }).branchPrefix).toBe('');
  expect(valuesOf({ file: 'BRANCH_PREFIX=', env: { GIT_BRANCH_PREFIX: 'me' } }).branchPrefix).toBe('me');
  expect(valuesOf({ env: { GIT_BRANCH_PREFIX: '' }, envFile: 'GIT_BRANCH_PREFIX=' }).branchPrefix).toBe(
    'samocode',
  );
});

test('a model chosen for one provider is never requested from another', () => {
  const plan: Plan = { file: 'MODEL=opus', call: { provider: 'codex' } };
  expect(valuesOf(plan).model).toBe('');
  expect(warningsOf(plan)).toEqual(['Line 4: MODEL is meant for claude and was not used for codex.']);
  expect(valuesOf({ ...plan, call: { provider: 'codex', model: 'gpt-5' } }).model).toBe('gpt-5');
});

test('checks keep their order and their keys', () => {
  const file = 'CHECK_LINT=npm run lint\nCHECK=npm test\nCHECK_2="npm run types"\n';
  expect(valuesOf({ file }).checks).toEqual([
    { key: 'CHECK_LINT', command: 'npm run lint' },
    { key: 'CHECK', command: 'npm test' },
    { key: 'CHECK_2', command: 'npm run types' },
  ]);
});

test('a phase may have its own provider and model', () => {
  const file = 'PROVIDER_QUALITY=codex\nMODEL_PLANNING=opus-4\nTIMEOUT=50\n';
  const settings = resolved({ file, env: { CODEX_MODEL: 'gpt-5' } });
  expect(agentSettings(settings, 'planning')).toMatchObject({ provider: 'claude', model: 'opus-4' });
  expect(agentSettings(settings, 'quality')).toMatchObject({
    provider: 'codex',
    cliPath: 'codex',
    model: 'gpt-5',
    timeoutSeconds: 50,
  });
  expect(agentSettings(settings, 'planning', 'gemini')).toMatchObject({ provider: 'gemini', model: '' });
});

test('paths are relative to the file, and a call may set them too', () => {
  expect(valuesOf({ file: 'CONSTRAINTS=docs/rules.md' }).constraints).toBe('/p/docs/rules.md');
  expect(valuesOf({ call: { constraints: '~/rules.md' } }).constraints).toBe('/home/me/rules.md');
  expect(valuesOf({ env: { CLAUDE_PATH: '~/bin/claude', CODEX_PATH: 'codex-nightly' } })).toMatchObject({
    claudePath: '/home/me/bin/claude',
    codexPath: 'codex-nightly',
  });
});

test('writable paths are absolute wherever they were set, and a relative one is an error', () => {
  const file = 'SANDBOX_WRITE="~/.cache/a, /srv/../b"';
  expect(valuesOf({ file }).sandboxWrite).toEqual(['/home/me/.cache/a', '/b']);
  expect(() => resolved({ file: 'SANDBOX_WRITE=/a,cache' })).toThrow(
    'SANDBOX_WRITE in /p/.samocode, line 4, cannot be used. It must be a comma-separated list of absolute paths ' +
      '(~ is the home folder), but it is "/a,cache". Correct it, for example ' +
      'SANDBOX_WRITE=~/.cache/builds,/srv/fixtures, or remove it.',
  );
});

test('an empty value counts as not set', () => {
  const plan: Plan = {
    env: { CLAUDE_TIMEOUT: ' ' },
    file: 'MODEL=\nMAX_HOURS=""',
    envFile: 'CLAUDE_MODEL=haiku',
  };
  expect(valuesOf(plan)).toMatchObject({ timeoutSeconds: 1800, model: 'haiku' });
});

test.each([
  ['TIMOUT=5', 'Line 4: TIMOUT is not a setting and has no effect. Did you mean TIMEOUT?'],
  [
    'MODEL_PLANING=x',
    'Line 4: MODEL_PLANING is not a setting and has no effect. Did you mean MODEL_PLANNING?',
  ],
  ['BANANA=1', 'Line 4: BANANA is not a setting and has no effect.'],
  ['CHECK_TIMEOT=600', 'Line 4: CHECK_TIMEOT is a further check. Did you mean CHECK_TIMEOUT?'],
  ['CLAUDE_MODEL=x', 'Line 4: CLAUDE_MODEL has no effect in .samocode; its name here is MODEL.'],
  ['SAMOCODE_PROVIDER=x', 'Line 4: SAMOCODE_PROVIDER has no effect in .samocode; its name here is PROVIDER.'],
])('%s in .samocode causes a warning', (file, warning) => {
  expect(warningsOf({ file })).toEqual([warning]);
});

test.runIf(HAS_EXTENSIONS)('a secret in .samocode is not read and never shown', () => {
  const plan: Plan = { file: 'TELEGRAM_BOT_TOKEN=123:abc' };
  expect(resolved(plan).readings.get('TELEGRAM_BOT_TOKEN')?.value).toBeUndefined();
  expect(warningsOf(plan).join()).toMatch(/is a secret and was not read/);
  expect(warningsOf(plan).join()).not.toContain('123:abc');
});

test('mistakes in .env cause warnings, while variables of other programs do not', () => {
  expect(warningsOf({ envFile: 'CLAUDE_TIMEOT=5\nHTTP_PROXY=x\nPROVIDER=codex' })).toEqual([
    'CLAUDE_TIMEOT is not a setting and has no effect. Did you mean CLAUDE_TIMEOUT?',
    'PROVIDER has no effect in .env; its name here is SAMOCODE_PROVIDER.',
  ]);
});

test('a bad value names the file, the line, the key, the value, the range and the fix', () => {
  expect(() => resolved({ file: 'TIMEOUT=half an hour' })).toThrow(
    'TIMEOUT in /p/.samocode, line 4, cannot be used. It must be a whole number of seconds from 1 to 86400, ' +
      'but it is "half an hour". For example TIMEOUT=1800, or remove it to use that value.',
  );
  expect(() => resolved({ env: { SAMOCODE_PROVIDER: 'claud' } })).toThrow(
    /SAMOCODE_PROVIDER in the environment cannot be used. It must be one of claude, codex, gemini(?:, \w+)*, but it is "claud". Did you mean "claude"\?/,
  );
  expect(() => resolved({ call: { maxHours: -1 } })).toThrow(
    expect.objectContaining({ code: 'setting_invalid' }),
  );
});

test.each([
  ['SANDBOX_HOSTS=example.com,pakages', 'packages'],
  ['SANDBOX_HOSTS=example.com,api.anthropc.com', 'api.anthropic.com'],
  ['GATES=qa,pln', 'plan'],
])('%s names the entry that was probably meant', (file, meant) => {
  expect(() => resolved({ file })).toThrow(`Did you mean "${meant}"?`);
});

test.runIf(HAS_EXTENSIONS)('a bad secret is not shown', () => {
  expect(() => resolved({ env: { TELEGRAM_CHAT_ID: 'my secret' } })).toThrow('it is [hidden].');
});

test.each(['', 'MAIN_REPO=\n'])(
  'missing folders are one error, which no set-up of a file that exists would end',
  (text) => {
    const texts = { ...textsOf({}), projectFile: { path: FILE, text } };
    expect(() => resolveSettings(texts)).toThrow(
      expect.objectContaining({ code: 'several_problems', next: [] }),
    );
    expect(() => resolveSettings(texts)).toThrow(/MAIN_REPO is (empty|missing) in \/p\/\.samocode\./);
  },
);

test('all problems can be listed at once', () => {
  const { readings } = readSettings(textsOf({ file: 'TIMEOUT=x\nGATES=y\nPROVIDER=z\n' }));
  expect([...readings.values()].filter(({ problem }) => problem).map(({ key }) => key)).toEqual([
    'PROVIDER',
    'TIMEOUT',
    'GATES',
  ]);
});
