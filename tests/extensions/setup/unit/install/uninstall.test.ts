import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { install, uninstall } from '../../../../../src/extensions/setup/install/install.ts';
import { ALL, DESKTOP_PATH, emptyMachine, installedFiles } from './machine.ts';

test("without a single client on this machine an uninstall removes samocode's files and keeps the rest", async () => {
  await using machine = await emptyMachine(installedFiles());
  const { clients } = await uninstall(ALL, machine.context);
  expect(clients.map(({ client, outcome }) => `${client} ${outcome}`)).toEqual([
    'claude changed',
    'codex changed',
    'gemini changed',
    'desktop changed',
  ]);
  expect(await machine.read('.claude/settings.json')).toBe(`{
  // mine
  "permissions": { "deny": ["Bash(rm:*)"], "allow": ["Bash(ls:*)"] },
  "enabledPlugins": { "other@theirs": true }
}
`);
  expect(await machine.read('.codex/config.toml')).toBe(`# mine
model = "gpt-5.5"   # and why

# theirs
[mcp_servers.other]
command = "x"
`);
  expect(await machine.read(DESKTOP_PATH)).toBe(`{
	"mcpServers": {
		"other": { "command": "x" } // theirs
	}
}
`);
  expect(JSON.parse(await machine.read('.claude/plugins/installed_plugins.json'))).toEqual({
    version: 2,
    plugins: {},
  });
  expect(await machine.files()).toEqual([
    '.claude/plugins/installed_plugins.json',
    '.claude/plugins/known_marketplaces.json',
    '.claude/settings.json',
    '.codex/config.toml',
    DESKTOP_PATH,
  ]);
});

test('an uninstall without remains of samocode does nothing', async () => {
  await using machine = await emptyMachine(installedFiles());
  await uninstall(ALL, machine.context);
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

test('parts that an uninstall cannot remove are reported, and everything else is removed', async () => {
  const broken = '{ "enabledPlugins": { "samocode@samocode": true';
  await using machine = await emptyMachine({ ...installedFiles(), '.claude/settings.json': broken });
  const { clients } = await uninstall({ ...ALL, clients: ['claude'] }, machine.context);
  expect(clients).toMatchObject([
    {
      outcome: 'failed',
      problem: { code: 'not_all_removed' },
      stays: ['permissions.allow', 'permissions.ask', 'enabledPlugins', 'extraKnownMarketplaces'].map((at) =>
        expect.stringContaining(`${join(machine.home, '.claude/settings.json')}, at ${at}`),
      ),
    },
  ]);
  expect(await machine.read('.claude/settings.json')).toBe(broken);
  expect(await machine.read('.claude/plugins/known_marketplaces.json')).not.toContain('samocode');
});

test('a table in a form that cannot be cut out is reported and kept', async () => {
  const inline = 'plugins = { "samocode@samocode" = { enabled = true } }\n';
  await using machine = await emptyMachine({ '.codex/config.toml': inline });
  const { clients } = await uninstall({ ...ALL, clients: ['codex'] }, machine.context);
  expect(clients).toMatchObject([
    { outcome: 'failed', stays: [expect.stringContaining('plugins.samocode@samocode')] },
  ]);
  expect(await machine.read('.codex/config.toml')).toBe(inline);
});

test('a server called samocode that starts another program is not removed', async () => {
  const own = '{ "mcpServers": { "samocode": { "command": "python", "args": ["-m", "samocode"] } } }';
  await using machine = await emptyMachine({ [DESKTOP_PATH]: own });
  expect((await uninstall(ALL, machine.context)).clients).toEqual([]);
  expect(await machine.read(DESKTOP_PATH)).toBe(own);
});

test.each([
  ['comments', '{\n  // theirs\n  "mcpServers": {\n    /* one */ "other": {} // two\n  } // three\n}\n'],
  ['Windows line endings', '{\r\n  "mcpServers": {\r\n    "other": {}\r\n  }\r\n}\r\n'],
  ['tabs', '{\n\t"mcpServers": {\n\t\t"other": {}\n\t}\n}\n'],
  ['a trailing comma', '{\n  "mcpServers": {\n    "other": {},\n  },\n}\n'],
  ['everything on one line', '{"a": 1,   "mcpServers": {"other": {"b":[ 1,2 ]}}}'],
  ['no servers yet', '{\n  "a": 1 // why\n}\n'],
  ['an object with only comments', '{ "mcpServers": { /* none */ } }\n'],
])(
  'settings with %s are byte for byte the same after an install and an uninstall',
  async (_name, settings) => {
    await using machine = await emptyMachine({ [DESKTOP_PATH]: settings });
    const input = { ...ALL, clients: ['desktop'] };
    expect((await install(input, machine.context)).clients).toMatchObject([{ outcome: 'changed' }]);
    expect((await install(input, machine.context)).clients).toMatchObject([{ outcome: 'nothing_to_do' }]);
    expect((await uninstall(input, machine.context)).clients).toMatchObject([{ outcome: 'changed' }]);
    expect(await machine.read(DESKTOP_PATH)).toBe(settings);
  },
);

test('a file that cannot be changed is reported', async () => {
  await using machine = await emptyMachine();
  // A folder at its path is refused for every user, including root.
  await mkdir(join(machine.home, DESKTOP_PATH), { recursive: true });
  const { clients } = await uninstall({ ...ALL, clients: ['desktop'] }, machine.context);
  expect(clients).toMatchObject([{ outcome: 'failed', stays: [expect.stringContaining(DESKTOP_PATH)] }]);
});
