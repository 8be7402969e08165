import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { expect, test } from 'vitest';
import { install, uninstall } from '../../../../../src/extensions/setup/install/install.ts';
import { jsonValue, valueAt } from '../../../../../src/extensions/setup/install/json-member.ts';
import { changeMember } from '../../../../../src/extensions/setup/install/settings-file.ts';
import { tempDir } from '../../../../support/temp-dir.ts';
import { ALL, DESKTOP_PATH, emptyMachine, installedFiles } from './machine.ts';

const SETTINGS = '.claude/settings.json';
const CODEX = '.codex/config.toml';
const RULE = '[plugins."samocode@samocode".mcp_servers.samocode.tools.wait]\napproval_mode = "approve"\n';
const DESKTOP = { ...ALL, clients: ['desktop'] };

test("without a single client on this machine an uninstall removes samocode's files and keeps the rest", async () => {
  await using machine = await emptyMachine(installedFiles());
  const { clients } = await uninstall(ALL, machine.context);
  expect(clients.map(({ client, outcome }) => `${client} ${outcome}`)).toEqual([
    'claude changed',
    'codex changed',
    'gemini changed',
    'desktop changed',
  ]);
  expect(JSON.parse(await machine.read(SETTINGS))).toEqual({
    permissions: { deny: ['Bash(rm:*)'], allow: ['Bash(ls:*)'] },
    enabledPlugins: { 'other@theirs': true },
  });
  expect(parse(await machine.read(CODEX))).toEqual({
    model: 'gpt-5.5',
    mcp_servers: { other: { command: 'x' } },
  });
  expect(JSON.parse(await machine.read(DESKTOP_PATH))).toEqual({ mcpServers: { other: { command: 'x' } } });
  expect(JSON.parse(await machine.read('.claude/plugins/installed_plugins.json'))).toEqual({
    version: 2,
    plugins: {},
  });
  expect(await machine.files()).toEqual([
    '.claude/plugins/installed_plugins.json',
    '.claude/plugins/known_marketplaces.json',
    SETTINGS,
    CODEX,
    DESKTOP_PATH,
  ]);
  expect((await uninstall(ALL, machine.context)).clients).toEqual([]);
});

test('a dry run of an uninstall names each path and changes none', async () => {
  await using machine = await emptyMachine(installedFiles());
  const before = await machine.files();
  const { clients } = await uninstall({ ...ALL, dryRun: true, clients: ['codex'] }, machine.context);
  expect(clients[0]?.steps).toEqual([
    expect.stringContaining('.codex/config.toml, at plugins.samocode@samocode'),
    expect.stringContaining('.codex/config.toml, at marketplaces.samocode'),
    expect.stringMatching(/^remove .*\.codex\/plugins\/cache\/samocode$/),
    expect.stringMatching(/^remove .*clients\/codex$/),
  ]);
  expect(await machine.files()).toEqual(before);
});

test('a settings file that is broken is reported and kept, and everything else is removed', async () => {
  const text = '{ "enabledPlugins": { "samocode@samocode": true';
  await using machine = await emptyMachine({ ...installedFiles(), [SETTINGS]: text });
  const { clients } = await uninstall({ ...ALL, clients: ['claude'] }, machine.context);
  expect(clients).toMatchObject([{ outcome: 'failed', problem: { code: 'not_all_removed' } }]);
  expect(clients[0]?.stays).toContainEqual(
    expect.stringMatching(
      new RegExp(`${join(machine.home, SETTINGS)}, at enabledPlugins.*not in the format`),
    ),
  );
  expect(await machine.read(SETTINGS)).toBe(text);
  expect(await machine.read('.claude/plugins/known_marketplaces.json')).not.toContain('samocode');
});

test('comments in the settings of Claude Code stay when its plugin is removed', async () => {
  const text = '{ "enabledPlugins": { "samocode@samocode": true }, "model": "opus" } // mine\n';
  await using machine = await emptyMachine({ ...installedFiles(), [SETTINGS]: text });
  const { clients } = await uninstall({ ...ALL, clients: ['claude'] }, machine.context);
  expect(clients).toMatchObject([{ outcome: 'changed' }]);
  expect(await machine.read(SETTINGS)).toBe('{"model": "opus" } // mine\n');
});

const OURS = '[plugins."samocode@samocode"]\nenabled = true\n';

test.each([
  ['alone below a comment', `# mine\n\n${OURS}`, '# mine\n'],
  ['first', `${OURS}\n# mine\n[a]\nb = 1   # why\n`, '# mine\n[a]\nb = 1   # why\n'],
  ['between others, with rules', `[a]\n\n${OURS}\n${RULE}[b]`, '[a]\n[b]\n'],
  ['with a comment in it', `a = 'x'\r\n${OURS}# mine\n\n[[b]]\n`, "a = 'x'\r\n# mine\n\n[[b]]\n"],
  ['last, with CRLF', `# mine\n[a]\nb = 1\n\n${OURS}`.replaceAll('\n', '\r\n'), '# mine\r\n[a]\r\nb = 1\r\n'],
  ['in a table of plugins', `[plugins]\n${OURS}[plugins.other]\n`, '[plugins]\n[plugins.other]\n'],
])(
  "samocode's tables in the settings of Codex, %s, are removed, and every other line stays",
  async (_, text, left) => {
    await using machine = await emptyMachine({ [CODEX]: text });
    const input = { ...ALL, clients: ['codex'] };
    expect((await uninstall(input, machine.context)).clients).toMatchObject([{ outcome: 'changed' }]);
    expect(await machine.read(CODEX)).toBe(left);
    expect(await machine.files()).toEqual([CODEX]);
  },
);

test.each([
  ['inline', 'plugins = { "samocode@samocode" = { enabled = true } }\n'],
  ['around a text that looks like another', `${OURS}a = '''\n[b]\n'''\n`],
  ['and in a text that looks like them', `a = '''\n${OURS}'''\n\n${OURS}`],
])("samocode's tables in the settings of Codex, %s, are reported and kept", async (_, text) => {
  await using machine = await emptyMachine({ [CODEX]: text });
  expect((await uninstall({ ...ALL, clients: ['codex'] }, machine.context)).clients).toMatchObject([
    { outcome: 'failed', stays: [expect.stringContaining('plugins.samocode@samocode')] },
  ]);
  expect(await machine.read(CODEX)).toBe(text);
});

test.each([
  ['two spaces', '{\n  "a": 1,\n  "mcpServers": {\n    "other": {}\n  }\n}\n'],
  ['tabs', '{\n\t"mcpServers": {\n\t\t"other": {}\n\t}\n}'],
  ['everything on one line', '{"a": 1,   "mcpServers": {"other": {"b":[ 1,2 ]}}}'],
  ['a trailing comma', '{\r\n  "a": 1,\r\n}\r\n'],
  ['comments', '// Mine.\n{\n  // One.\n  "mcpServers": {\n    "other": {} // Two.\n  }\n}\n'],
])(
  'settings written with %s are the same after an install and an uninstall, without a copy',
  async (_, text) => {
    await using machine = await emptyMachine({ [DESKTOP_PATH]: text });
    expect((await install(DESKTOP, machine.context)).clients).toMatchObject([{ outcome: 'changed' }]);
    const added = await machine.read(DESKTOP_PATH);
    expect(jsonValue(added)).toHaveProperty('mcpServers.samocode');
    expect((await install(DESKTOP, machine.context)).clients).toMatchObject([{ outcome: 'nothing_to_do' }]);
    await uninstall(DESKTOP, machine.context);
    expect(await machine.read(DESKTOP_PATH)).toBe(text);
    expect(await machine.files()).toEqual([DESKTOP_PATH]);
  },
);

test('settings in which a member is there twice are reported and kept', async () => {
  const text = '{ "mcpServers": { "a": {} }, "mcpServers": { "b": {} } }';
  await using machine = await emptyMachine({ [DESKTOP_PATH]: text });
  expect((await install(DESKTOP, machine.context)).clients).toMatchObject([
    { outcome: 'failed', problem: { code: 'settings_file_unreadable' } },
  ]);
  expect(await machine.read(DESKTOP_PATH)).toBe(text);
});

test('a file that cannot be changed is reported', async () => {
  await using machine = await emptyMachine();
  // A folder at its path is refused for every user, including root.
  await mkdir(join(machine.home, DESKTOP_PATH), { recursive: true });
  const { clients } = await uninstall(DESKTOP, machine.context);
  expect(clients).toMatchObject([{ outcome: 'failed', stays: [expect.stringContaining(DESKTOP_PATH)] }]);
});

const AT = ['mcpServers', 'samocode'];
const SERVER = { command: 'node', args: ['/x/samocode-mcp.js'] };
const ANY_SETTINGS = fc.dictionary(
  fc.constantFrom('a', 'b', 'mcpServers'),
  fc.dictionary(
    fc.string().filter((name) => name !== 'samocode'),
    fc.jsonValue(),
    { minKeys: 1 },
  ),
);

async function settingsOf(text: string) {
  const dir = await tempDir();
  const path = join(dir.path, 'settings.json');
  await writeFile(path, text);
  return {
    change: async (value: unknown, at: readonly string[] = AT, keepParents = false) =>
      await changeMember(path, at, () => value, keepParents),
    text: () => readFile(path, 'utf8'),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

test('a member is added to any settings, and removing it again restores every byte', async () => {
  await fc.assert(
    fc.asyncProperty(ANY_SETTINGS, async (settings) => {
      const before = JSON.stringify(settings, undefined, 2);
      await using file = await settingsOf(before);
      await file.change(SERVER);
      expect(valueAt(jsonValue(await file.text()), AT)).toEqual(SERVER);
      await file.change(undefined);
      expect(await file.text()).toBe(before);
    }),
    { numRuns: 50 },
  );
});

test('objects that become empty are removed too, unless their owner expects them', async () => {
  const text = JSON.stringify({ a: 1, mcpServers: { samocode: SERVER } });
  await using one = await settingsOf(text);
  await one.change(undefined);
  expect(jsonValue(await one.text())).toEqual({ a: 1 });
  await using other = await settingsOf(text);
  await other.change(undefined, AT, true);
  expect(jsonValue(await other.text())).toEqual({ a: 1, mcpServers: {} });
});

test('items go into a list and out of it between the comments of its owner', async () => {
  const text = '{\n  "allow": [\n    "x", // Mine.\n    // Mine, too.\n    "y"\n  ]\n}\n';
  await using file = await settingsOf(text);
  await file.change(['x', 'y', 'ours'], ['allow']);
  expect(jsonValue(await file.text())).toEqual({ allow: ['x', 'y', 'ours'] });
  expect(await file.text()).toMatch(/Mine\..*Mine, too\./s);
  await file.change(['x', 'y'], ['allow']);
  expect(await file.text()).toBe(text);
  const line = '{ "allow": ["ours", "x", "ours too"] }\n';
  await using other = await settingsOf(line);
  await other.change(['x'], ['allow']);
  expect(await other.text()).toBe('{ "allow": ["x"] }\n');
});

test.each([
  ['a list in place of an object', { mcpServers: [] }],
  ['a string in place of an object', { mcpServers: 'none' }],
  ['no object', []],
])('settings with %s are refused', async (_, settings) => {
  const text = JSON.stringify(settings);
  await using file = await settingsOf(text);
  await expect(file.change(SERVER)).rejects.toThrow('settings.json');
  expect(await file.text()).toBe(text);
});
