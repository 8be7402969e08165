import { expect, test } from 'vitest';
import { PERSONAL } from '../../../../src/core/kernel/phases/channels.ts';
import { PHASE_NAMES } from '../../../../src/core/kernel/phases/table.ts';
import { machineRows } from '../../../../src/core/project/settings/machine-rows.ts';
import { projectRows } from '../../../../src/core/project/settings/project-rows.ts';
import { warnAboutKeys } from '../../../../src/core/project/settings/setting-warnings.ts';
import { settingByKey, settingRows } from '../../../../src/core/project/settings/settings.ts';

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
