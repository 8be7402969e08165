import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PERSONAL } from '../../../../src/core/kernel/phases/channels.ts';
import { PHASE_NAMES } from '../../../../src/core/kernel/phases/table.ts';
import { machineSetting } from '../../../../src/core/project/finding/machine-setting.ts';
import { machineRows } from '../../../../src/core/project/settings/machine-rows.ts';
import { projectRows } from '../../../../src/core/project/settings/project-rows.ts';
import { parseSamocodeFile, pathFromFile } from '../../../../src/core/project/settings/samocode-file.ts';
import { warnAboutKeys } from '../../../../src/core/project/settings/setting-warnings.ts';
import { settingByKey, settingRows } from '../../../../src/core/project/settings/settings.ts';
import { HAS_EXTENSIONS } from '../../../support/has-extensions.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('every key is unique', () => {
  const keys = settingRows().map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});

test.each(settingRows().map((spec) => [spec.name, spec] as const))(
  '%s has a description and accepts its own default',
  (_name, spec) => {
    expect(spec.doc).toMatch(/^.{10,120}\.$/);
    expect(spec.form.length).toBeGreaterThan(5);
    expect(spec.default ? spec.parse(spec.default) !== undefined : true).toBe(true);
  },
);

test.each(
  settingRows().flatMap((spec) =>
    spec.kind === 'command' && spec.scope === 'project' ? [[spec.name, spec] as const] : [],
  ),
)('%s is run and comes from a repository, so it needs trust', (_name, spec) => {
  expect(spec.risk).toBe('runs');
});

test.each([
  ['timeoutSeconds', '1800', 1800],
  ['maxCostUsd', '2.50', 2.5],
  ['provider', 'CODEX', 'codex'],
  ['gates', 'plan', ['plan']],
  ['gates', 'none', []],
  ['gates', 'QA, plan ,qa', ['qa', 'plan']],
  ['gateChannels', 'person', PERSONAL],
  ['gateChannels', 'file,Person,cli', ['file', ...PERSONAL]],
  ['gateChannels', 'person,elicitation', ['cli', 'phone', 'web', 'elicitation']],
  ['gatePeople', 'anna, Ben.O,anna', ['anna', 'Ben.O']],
  ['fallback', 'codex gemini', ['codex', 'gemini']],
  ['branchPrefix', 'team/añil', 'team/añil'],
  ['claudePath', '~/bin/claude', '~/bin/claude'],
  ['sandbox', 'OFF', 'off'],
  ['retryHours', '0.5', 0.5],
  ['sandboxWrite', '/srv/a, ~/Library/My Cache,/srv/a', ['/srv/a', '~/Library/My Cache']],
  ['sandbox', 'strict', 'strict'],
  ['sandboxSockets', 'docker, gpg-agent', ['docker', 'gpg-agent']],
  [
    'sandboxHosts',
    'Docs.Example.com,*.example.org example.com:8443,10.1.2.3',
    ['docs.example.com', '*.example.org', 'example.com:8443', '10.1.2.3'],
  ],
  ['sandboxEnv', 'DATABASE_URL,AWS_*', ['DATABASE_URL', 'AWS_*']],
  ['sandboxPorts', '5432, 6379', [5432, 6379]],
  ['sandboxWrite', '~', ['~']],
  ['sandboxRead', '/srv/a,~/.m2', ['/srv/a', '~/.m2']],
  ['checkHome', '~/.m2/settings.xml, ./.cache/ms-playwright/', ['.m2/settings.xml', '.cache/ms-playwright']],
] as const)('%s accepts %s', (name, written, value) => {
  expect({ ...projectRows(), ...machineRows() }[name].parse(written)).toEqual(value);
});

test.each([
  ['timeoutSeconds', '0'],
  ['timeoutSeconds', '30m'],
  ['timeoutSeconds', '-5'],
  ['timeoutSeconds', '1e3'],
  ['maxCostUsd', 'NaN'],
  ['provider', 'gpt'],
  ['gates', 'qa,review'],
  ['gateChannels', 'none'],
  ['gateChannels', 'people'],
  ['gatePeople', '-x'],
  ['branchPrefix', '-x'],
  ['branchPrefix', 'a..b'],
  ['branchPrefix', 'a b'],
  ['branchPrefix', 'a.lock/b'],
  ['branchPrefix', 'a/'],
  ['model', '--dangerous'],
  ['claudePath', 'bin/claude'],
  ['sandbox', 'none'],
  ['retryHours', '0'],
  ['retryHours', '169'],
  ['retryHours', '12h'],
  ['sandboxWrite', 'cache'],
  ['sandboxWrite', '/srv/a,../b'],
  ['sandboxWrite', '/srv/a /srv/b'],
  ['sandboxWrite', '~/a ~/b'],
  ['sandboxWrite', '/'],
  ['sandboxWrite', '~ada/x'],
  ['sandboxSockets', 'dockre'],
  ['sandboxHosts', 'pakages'],
  ['sandboxHosts', 'localhost'],
  ['sandboxHosts', 'https://example.com'],
  ['sandboxHosts', 'registry.npmjs.og'],
  ['sandboxHosts', 'example.com,api.anthropc.com'],
  ['sandboxEnv', 'A-B'],
  ['sandboxPorts', '80'],
  ['sandboxPorts', '70000'],
  ['sandboxPorts', '5432-5440'],
  ['sandboxRead', 'cache'],
  ['checkHome', '~'],
  ['checkHome', '~/'],
  ['checkHome', '.'],
  ['checkHome', '.m2/..'],
  ['checkHome', '~/../other'],
  ['checkHome', '/etc'],
] as const)('%s refuses %s', (name, written) => {
  expect({ ...projectRows(), ...machineRows() }[name].parse(written)).toBeUndefined();
});

test('a family of settings has no single key', () => {
  expect(settingByKey('TIMEOUT')?.name).toBe('timeoutSeconds');
  expect(settingByKey('MODEL_<PHASE>')).toBeUndefined();
});

test.each(settingRows().map((spec) => [spec.name, spec] as const))(
  '%s causes no warning in its own file, under every documented key',
  (_name, spec) => {
    const keys =
      spec.family === 'phase'
        ? PHASE_NAMES.filter((phase) => phase !== 'init' && phase !== 'done').map((phase) =>
            spec.key.replace('<PHASE>', phase.toUpperCase()),
          )
        : spec.family === 'check'
          ? ['CHECK', 'CHECK_2', 'CHECK_LINT']
          : [spec.key.replace('<NAME>', 'DB')];
    const entries = keys.map((key, index) => ({ key, value: 'x', line: index + 1 }));
    const warnings =
      spec.scope === 'project'
        ? warnAboutKeys(entries)
        : warnAboutKeys([], '.samocode', Object.fromEntries(keys.map((key) => [key, 'x'])));
    expect(warnings).toEqual([]);
  },
);

test.each([
  ['MODEL_INIT', 'where SETUP failed'],
  ['PROVIDER_INIT', 'where SETUP failed'],
  ['MODEL_DONE', 'no agent runs in done any more'],
  ['PROVIDER_DONE', 'no agent runs in done any more'],
])('%s causes a warning, because samocode carries out that phase', (key, why) => {
  const [warning, ...more] = warnAboutKeys([{ key, value: 'x', line: 3 }]);
  expect(more).toEqual([]);
  expect(warning).toMatchObject({ line: 3, text: expect.stringContaining(why) });
});

const LIMITS = settingRows().filter(({ key }) => /^MAX_(?:COST_USD|TOKENS|HOURS|ITERATIONS)$/.test(key));

test('a limit of a phase is no unknown line: it stops a start, and says what to write', () => {
  const keys = ['MAX_COST_USD_QUALITY', 'MAX_TOKENS_PLANNING', 'MAX_HOURS_TESTING', 'MAX_ITERATIONS_DONE'];
  for (const key of keys)
    expect(warnAboutKeys([{ key, value: '1', line: 2 }])).toEqual([
      {
        path: '.samocode',
        line: 2,
        stops: true,
        text: `Line 2: ${key} is not a setting any more. A limit holds for the whole session: write it without the phase.`,
      },
    ]);
});

test('a way to notify and an agent that went are said with what there is instead', () => {
  const said = warnAboutKeys([], '.samocode', { NOTIFY_WEBHOOK_FORMAT: 'ntfy', ANTIGRAVITY_PATH: 'agy' });
  expect(said.map(({ text }) => text)).toEqual([
    expect.stringContaining('NOTIFY_COMMAND posts to ntfy, Slack and Discord'),
    expect.stringContaining('docs/agents.md'),
  ]);
  expect(said.some(({ stops }) => stops)).toBe(false);
});

test.each(['-1', 'abc', '1e3', '', 'NaN', 'Infinity', '1,5'])(
  '"%s" is refused as a limit, and the error names the range',
  (text) => {
    for (const { parse, form } of LIMITS) {
      expect(parse(text)).toBeUndefined();
      expect(form).toMatch(/from 0 to/);
    }
  },
);

test('zero is accepted as a limit', () => {
  for (const { parse } of LIMITS) expect(parse('0')).toBe(0);
});

const rows = settingRows().map(({ name, risk, reach }) => ({
  name,
  needsTrust: risk !== undefined,
  ...reach,
}));

test('what is read or written without trust is bounded by a folder, or belongs to the session', () => {
  const open = rows.filter(({ needsTrust, within }) => !needsTrust && within === undefined);
  expect(open.filter(({ read, write }) => read ?? write).map(({ name }) => name)).toEqual([
    'branchPrefix',
    ...(HAS_EXTENSIONS ? ['pages'] : []),
  ]);
});

test('no command of a file runs without trust', () => {
  const running = rows.filter(({ run, needsTrust }) => run !== undefined && !needsTrust);
  const ofOthers = ['prWatch', 'prRounds'];
  expect(running.map(({ name }) => name).filter((name) => !ofOthers.includes(name))).toEqual(['mainRepo']);
});

const valuesOf = (text: string) =>
  Object.fromEntries(parseSamocodeFile(text).entries.map(({ key, value }) => [key, value]));

test('a line is split at its first =, and spaces around key and value are trimmed', () => {
  expect(valuesOf('  CHECK =  make test FLAGS=-v  \n')).toEqual({ CHECK: 'make test FLAGS=-v' });
});

test.each([
  ['A="two words"', 'two words'],
  ["A='two words'", 'two words'],
  ['A="  kept  "', '  kept  '],
  ['A="half', '"half'],
  [`A="mixed'`, `"mixed'`],
  ['A="', '"'],
  ['A=""', ''],
  ['A=', ''],
  ['A=say "hi" now', 'say "hi" now'],
])('%s has the value [%s]', (line, value) => {
  expect(valuesOf(line)).toEqual({ A: value });
});

test('# starts a comment only at the start of a line', () => {
  expect(valuesOf('# A=1\n   # B=2\nC=npm test # fast ones\n')).toEqual({ C: 'npm test # fast ones' });
});

test('a byte order mark and foreign line endings change nothing', () => {
  expect(valuesOf('\uFEFFA=1\r\nB=2\rC=3')).toEqual({ A: '1', B: '2', C: '3' });
});

test('the last of duplicate keys wins and both lines are named', () => {
  const reading = parseSamocodeFile('A=1\nB=2\nA=3\n');
  expect(reading.entries).toEqual([
    { key: 'B', value: '2', line: 2 },
    { key: 'A', value: '3', line: 3 },
  ]);
  expect(reading.warnings).toEqual([{ line: 3, text: 'A is set twice: line 3 overrides line 1.' }]);
});

test.each(['just words', '= value', 'two words = value'])(
  'the line [%s] is skipped with a warning',
  (line) => {
    expect(parseSamocodeFile(`A=1\n${line}\n`)).toEqual({
      entries: [{ key: 'A', value: '1', line: 1 }],
      warnings: [{ line: 2, text: 'Line 2 is not KEY=VALUE and was ignored.' }],
    });
  },
);

test.each([
  ['~', '/home/me'],
  ['~/work', '/home/me/work'],
  ['~other/work', '/project/~other/work'],
  ['work', '/project/work'],
  ['../work', '/work'],
  ['/abs', '/abs'],
  ['$HOME/x', '/project/$HOME/x'],
])('the path %s means %s', (value, path) => {
  expect(pathFromFile(value, { folder: '/project', homeDir: '/home/me' })).toBe(path);
});

async function home(text?: string) {
  const dir = await tempDir();
  const folder = join(dir.path, '.config', 'samocode');
  const write = async (lines: string) => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, '.env'), lines);
  };
  if (text !== undefined) await write(text);
  return {
    write,
    read: async (env: Record<string, string> = {}) => {
      const place = { env, home: dir.path };
      return [
        await machineSetting('maxCostUsdPerDay', place),
        await machineSetting('maxParallelOnMachine', place),
        await machineSetting('supervisorMinutes', place),
        await machineSetting('keep5h', place),
        await machineSetting('keep7d', place),
        await machineSetting('claudePath', place),
      ];
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

const NONE = undefined;

test('by default a machine has no limits, and its supervisor stays ten minutes', async () => {
  await using given = await home();
  expect(await given.read()).toEqual([NONE, NONE, 10, NONE, NONE, 'claude']);
});

test('limits are read from the environment', async () => {
  await using given = await home();
  const env = {
    ...{ MAX_COST_USD_PER_DAY: '12.5', MAX_PARALLEL_ON_MACHINE: '4' },
    ...{ KEEP_5H: '20%', KEEP_7D: '90', CLAUDE_PATH: '/opt/claude' },
    SAMOCODE_SUPERVISOR_MINUTES: '0.05',
  };
  expect(await given.read(env)).toEqual([12.5, 4, 0.05, 20, 90, '/opt/claude']);
});

test('limits are read from the config folder at every call', async () => {
  await using given = await home('MAX_COST_USD_PER_DAY=5\nMAX_PARALLEL_ON_MACHINE=2\n');
  expect(await given.read()).toEqual([5, 2, 10, NONE, NONE, 'claude']);
  await given.write('MAX_COST_USD_PER_DAY=50\n');
  expect(await given.read()).toEqual([50, NONE, 10, NONE, NONE, 'claude']);
});

test('a limit of zero is accepted', async () => {
  await using given = await home('MAX_COST_USD_PER_DAY=0\n');
  expect((await given.read())[0]).toBe(0);
});

test('an invalid value is ignored, and the others still count', async () => {
  await using given = await home('MAX_COST_USD_PER_DAY=plenty\nKEEP_5H=91%\nMAX_PARALLEL_ON_MACHINE=3\n');
  expect(await given.read()).toEqual([NONE, 3, 10, NONE, NONE, 'claude']);
});

test('the program of an agent CLI that this build lacks is unset', async () => {
  expect(await machineSetting('nobodysPath', { env: {}, home: '/nowhere' })).toBeUndefined();
});
