// @module-tag ci
import { chmod, lstat, mkdir, readFile, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type InstallInput,
  install,
  uninstall,
} from '../../../../../src/extensions/setup/install/install.ts';
import { asOrdinaryUser } from '../../../../support/ordinary-user.ts';
import { ALL, DESKTOP_PATH, emptyMachine, SERVER_PATH } from '../../unit/install/machine.ts';

const NODE = process.execPath;
const STARTED = { command: NODE, args: [SERVER_PATH] };
const OWN = { command: 'python', args: ['mine'] };
const isMac = process.platform === 'darwin';

/** The file from which each client reads its servers, and our entry in the form that the client documents. */
const CLIENTS = [
  { client: 'desktop', path: DESKTOP_PATH, servers: 'mcpServers', ours: STARTED, own: OWN },
  {
    client: 'vscode',
    path: `${isMac ? 'Library/Application Support' : '.config'}/Code/User/mcp.json`,
    servers: 'servers',
    ours: { type: 'stdio', ...STARTED },
    own: OWN,
  },
  { client: 'cursor', path: '.cursor/mcp.json', servers: 'mcpServers', ours: STARTED, own: OWN },
  {
    client: 'copilot',
    path: '.copilot/mcp-config.json',
    servers: 'mcpServers',
    ours: { type: 'local', ...STARTED, tools: ['*'] },
    own: OWN,
  },
  {
    client: 'opencode',
    path: '.config/opencode/opencode.json',
    servers: 'mcp',
    ours: { type: 'local', command: [NODE, SERVER_PATH], enabled: true },
    own: { type: 'local', command: ['python', 'mine'] },
  },
  { client: 'zed', path: '.config/zed/settings.json', servers: 'context_servers', ours: STARTED, own: OWN },
  {
    client: 'windsurf',
    path: '.codeium/windsurf/mcp_config.json',
    servers: 'mcpServers',
    ours: STARTED,
    own: OWN,
  },
] as const;

type Row = (typeof CLIENTS)[number];

/** A home with this client, whose file has the given text. */
async function homeOf({ client, path }: { client: string; path: string }, text?: string) {
  const machine = await emptyMachine();
  if (['copilot', 'opencode', 'gemini'].includes(client)) await machine.addProgram(client, 'exit 1');
  await mkdir(dirname(join(machine.home, path)), { recursive: true });
  if (text !== undefined) await machine.write(path, text);
  const input = { ...ALL, clients: [client] };
  return {
    ...machine,
    at: join(machine.home, path),
    text: () => machine.read(path),
    async install(more: Partial<InstallInput> = {}) {
      return (await install({ ...input, ...more }, machine.context)).clients[0];
    },
    async uninstall(more: Partial<InstallInput> = {}) {
      return (await uninstall({ ...input, ...more }, machine.context)).clients[0];
    },
  };
}

/** A person's own settings. */
const ownSettings = ({ servers }: Row) =>
  `{\n\t"theme": "dark",\n\t"${servers}": {\n\t\t"other": {\n\t\t\t"command": "x"\n\t\t}\n\t}\n}\n`;

test.each(CLIENTS)(
  '$client gets the server next to everything that a person wrote, and later loses only the server',
  async (row) => {
    await using home = await homeOf(row, ownSettings(row));
    const dry = await home.install({ dryRun: true });
    expect(dry).toMatchObject({ outcome: 'would_change', steps: [expect.stringContaining(home.at)] });
    expect(await home.text()).toBe(ownSettings(row));

    expect(await home.install()).toMatchObject({ outcome: 'changed', summary: 'server added' });
    const added = await home.text();
    expect(JSON.parse(added)).toEqual({
      theme: 'dark',
      [row.servers]: { other: { command: 'x' }, samocode: row.ours },
    });
    expect(await home.install()).toMatchObject({ outcome: 'nothing_to_do' });
    expect(await home.uninstall({ dryRun: true })).toMatchObject({ outcome: 'would_change' });
    expect(await home.text()).toBe(added);
    expect(await home.uninstall()).toMatchObject({ outcome: 'changed' });
    expect(await home.text()).toBe(ownSettings(row));
  },
);

test.each(CLIENTS)('$client without a settings file gets one with its documented entry', async (row) => {
  await using home = await homeOf(row);
  expect(await home.install()).toMatchObject({ outcome: 'changed' });
  expect(JSON.parse(await home.text())).toEqual({ [row.servers]: { samocode: row.ours } });
  expect(await home.uninstall()).toMatchObject({ outcome: 'changed' });
  // Copilot CLI refuses a file without that member.
  expect(JSON.parse(await home.text())).toEqual(row.client === 'copilot' ? { mcpServers: {} } : {});
});

test('an object that was empty, and whose client needs it, is as it was after an uninstall', async () => {
  const text = '{\n  "mcpServers": {}\n}\n';
  await using home = await homeOf({ client: 'copilot', path: '.copilot/mcp-config.json' }, text);
  expect(await home.install()).toMatchObject({ outcome: 'changed' });
  expect(await home.uninstall()).toMatchObject({ outcome: 'changed' });
  expect(await home.text()).toBe(text);
});

// What does not depend on the format is tried with the first client.

const CLAUDE = {
  client: 'claude',
  path: '.claude/settings.json',
  text: '{\n  "model": "opus"\n}\n',
} as const;

test.each([{ ...CLIENTS[0], text: ownSettings(CLIENTS[0]) }, CLAUDE])(
  'a file of $client that is a link stays a link, and its target is changed',
  async ({ client, path, text }) => {
    await using machine = await emptyMachine({ 'dotfiles/settings': text });
    await (client === 'claude' ? machine.addClient(client) : machine.addProgram(client, 'exit 1'));
    await mkdir(dirname(join(machine.home, path)), { recursive: true });
    await symlink(join(machine.home, 'dotfiles/settings'), join(machine.home, path));
    const input = { ...ALL, clients: [client] };
    expect((await install(input, machine.context)).clients).toMatchObject([{ outcome: 'changed' }]);
    expect((await lstat(join(machine.home, path))).isSymbolicLink()).toBe(true);
    expect(await machine.read('dotfiles/settings')).toContain('samocode');
    expect((await uninstall(input, machine.context)).clients).toMatchObject([{ outcome: 'changed' }]);
    expect((await lstat(join(machine.home, path))).isSymbolicLink()).toBe(true);
    expect(await machine.read('dotfiles/settings')).toBe(text);
  },
);

test('a read-only folder is reported, and nothing in it changes', async () => {
  await using home = await homeOf(CLIENTS[0], '{}\n');
  await chmod(home.home, 0o755);
  await chmod(dirname(home.at), 0o555);
  const report = await asOrdinaryUser(() => home.install());
  await chmod(dirname(home.at), 0o755);
  expect(report).toMatchObject({
    outcome: 'failed',
    failedStep: expect.stringContaining(home.at),
    problem: { message: expect.stringContaining('Permission denied') },
  });
  expect(await home.text()).toBe('{}\n');
});

test('a file that is read-only keeps its mode', async () => {
  await using home = await homeOf(CLIENTS[0], '{}\n');
  await chmod(home.at, 0o444);
  expect(await home.install()).toMatchObject({ outcome: 'changed' });
  expect((await stat(home.at)).mode & 0o777).toBe(0o444);
});

test.each(CLIENTS)(
  "a person's own server named samocode in $client is kept, and replaced only on request",
  async (row) => {
    const own = JSON.stringify({ [row.servers]: { samocode: row.own } });
    await using home = await homeOf(row, own);
    expect(await home.install()).toMatchObject({
      outcome: 'failed',
      problem: { code: 'own_entry', message: expect.stringContaining('(python mine)') },
    });
    expect(await home.uninstall()).toMatchObject({ outcome: 'nothing_to_do' });
    expect(await home.text()).toBe(own);
    expect(await home.install({ replace: true })).toMatchObject({
      outcome: 'changed',
      steps: [expect.stringContaining('instead of your own: python mine')],
    });
    expect(JSON.parse(await home.text())[row.servers].samocode).toEqual(row.ours);
  },
);

test.each(CLIENTS)(
  'an older entry in $client starts the new program and keeps what a person added',
  async (row) => {
    const older = JSON.parse(JSON.stringify(row.ours).replaceAll(SERVER_PATH, '/old/dist/samocode-mcp.js'));
    const text = JSON.stringify({ [row.servers]: { samocode: { ...older, env: { A: 'b' } } } });
    await using home = await homeOf(row, text);
    expect(await home.install()).toMatchObject({ outcome: 'changed' });
    expect(JSON.parse(await home.text())[row.servers].samocode).toEqual({ ...row.ours, env: { A: 'b' } });
  },
);

test.each([
  ['vscode', '.vscode/mcp.json', 'servers', { type: 'stdio', command: 'samocode-mcp', args: [] }],
  ['gemini', '.gemini/settings.json', 'mcpServers', { command: 'samocode-mcp', args: [], timeout: 600_000 }],
  ['cursor', '.cursor/mcp.json', 'mcpServers', { command: 'samocode-mcp', args: [] }],
  ['copilot', '.mcp.json', 'mcpServers', { command: 'samocode-mcp', args: [] }],
  ['opencode', 'opencode.json', 'mcp', { type: 'local', command: ['samocode-mcp'], enabled: true }],
  ['zed', '.zed/settings.json', 'context_servers', { command: 'samocode-mcp', args: [] }],
] as const)('a project shares %s by %s', async (client, file, servers, entry) => {
  const { path } = CLIENTS.find((row) => row.client === client) ?? { path: 'settings' };
  await using home = await homeOf({ client, path });
  const project = { scope: 'project', projectDir: join(home.home, 'project') } as const;
  expect(await home.install(project)).toMatchObject({ outcome: 'changed' });
  expect(JSON.parse(await home.read(`project/${file}`))).toEqual({ [servers]: { samocode: entry } });
  expect(await home.install(project)).toMatchObject({ outcome: 'nothing_to_do' });
  expect(await home.uninstall(project)).toMatchObject({ outcome: 'changed' });
  expect(JSON.parse(await home.read(`project/${file}`))).toEqual({});
});

test('an existing opencode.jsonc is changed', async () => {
  const path = '.config/opencode/opencode.jsonc';
  await using home = await homeOf({ client: 'opencode', path: CLIENTS[4].path });
  await home.write(path, '{\n  "theme": "x"\n}\n');
  expect(await home.install()).toMatchObject({ outcome: 'changed', steps: [expect.stringContaining(path)] });
  expect(await home.uninstall()).toMatchObject({ outcome: 'changed' });
  expect(await home.files()).toEqual([path]);
  expect(await home.read(path)).toBe('{\n  "theme": "x"\n}\n');
});

test('clients are searched for in the folders that the environment names', async () => {
  await using machine = await emptyMachine({ 'elsewhere/zed/settings.json': '{}\n', 'ch/x': '' });
  await machine.addProgram('copilot', 'exit 1');
  const env = {
    ...machine.context.env,
    XDG_CONFIG_HOME: join(machine.home, 'elsewhere'),
    COPILOT_HOME: join(machine.home, 'ch'),
  };
  const { clients } = await install({ ...ALL }, { ...machine.context, env });
  expect(clients.map(({ client, outcome }) => `${client} ${outcome}`)).toEqual([
    'copilot changed',
    'zed changed',
  ]);
  expect(await machine.files()).toEqual(['ch/mcp-config.json', 'ch/x', 'elsewhere/zed/settings.json']);
});

test('the help of install and every page about it name all clients', async () => {
  const root = join(import.meta.dirname, '../../../../..');
  const { CLIENTS: all } = await import('../../../../../src/extensions/setup/install/clients.ts');
  const help = /^\| `--client <name...>` \| (.*) \(default/m.exec(
    await readFile(join(root, 'docs/cli.md'), 'utf8'),
  );
  expect(help?.[1]?.split(/, | or /)).toEqual(all.map(({ name }) => name));
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const page = await readFile(join(root, 'docs/clients.md'), 'utf8');
  for (const { title } of all) {
    expect(readme).toContain(title);
    expect(page).toContain(`| ${title} |`);
  }
});
