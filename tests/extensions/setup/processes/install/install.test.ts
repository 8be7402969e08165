// @module-tag ci
import { chmod, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import { TOOLS } from '../../../../../src/app/server/tools.ts';
import { installChecks } from '../../../../../src/extensions/setup/doctor/service-checks.ts';
import { ALLOWED_TOOLS } from '../../../../../src/extensions/setup/install/gate-rules.ts';
import {
  type InstallInput,
  install,
  uninstall,
} from '../../../../../src/extensions/setup/install/install.ts';
import { asOrdinaryUser } from '../../../../support/ordinary-user.ts';
import { ALL, DESKTOP_PATH, emptyMachine, SERVER_PATH } from '../../unit/install/machine.ts';

const SETTINGS = '{\n\t"model": "opus",\n\t"permissions": { "deny": ["Bash(rm:*)"] }\n}\n';
const COMMENTED = '{\n  // mine\n  "model": "opus",\n}\n';
const DESKTOP = '{ "mcpServers": { "other": { "command": "x" } } }';

test('a dry run shows every change and makes none', async () => {
  await using machine = await startMachine();
  const before = await machine.files();
  const { clients } = await install({ ...ALL, dryRun: true }, machine.context);
  expect(clients.map(({ client, outcome }) => `${client} ${outcome}`)).toEqual([
    'claude would_change',
    'codex would_change',
    'desktop would_change',
  ]);
  expect(clients[0]?.steps).toEqual([
    expect.stringContaining('files into'),
    expect.stringContaining('plugin marketplace add'),
    expect.stringContaining('plugin install samocode@samocode'),
    expect.stringContaining('at permissions.allow'),
    expect.stringContaining('at permissions.ask'),
  ]);
  expect(await machine.files()).toEqual(before);
});

test('installing again changes nothing, and uninstalling keeps every foreign setting', async () => {
  await using machine = await startMachine();
  expect((await install(ALL, machine.context)).clients.map(({ outcome }) => outcome)).toEqual([
    'changed',
    'changed',
    'changed',
  ]);
  const asked = await machine.read('asked.log');
  const again = await install(ALL, machine.context);
  expect(again.clients.map(({ outcome }) => outcome)).toEqual(Array(3).fill('nothing_to_do'));
  expect(await machine.read('asked.log')).toBe(asked);

  await uninstall(ALL, machine.context);
  expect(JSON.parse(await machine.read('.claude/settings.json'))).toEqual(JSON.parse(SETTINGS));
  expect(JSON.parse(await machine.read(DESKTOP_PATH))).toEqual(JSON.parse(DESKTOP));
  await expect(readdir(join(machine.home, '.config/samocode'))).rejects.toThrow('ENOENT');
  expect(await machine.files()).toEqual([
    '.claude/plugins/installed_plugins.json',
    '.claude/plugins/known_marketplaces.json',
    '.claude/settings.json',
    '.codex/config.toml',
    DESKTOP_PATH,
  ]);
  expect((await uninstall(ALL, machine.context)).clients).toEqual([]);
});

test('the allow-list contains every tool except those for human acts', () => {
  // Trusting a project's commands is one, and setup_project does that too.
  const acts = ['approve_plan', 'answer_qa', 'finish_session', 'rewind_session', 'setup_project'];
  const names = TOOLS.map(({ name }) => name).filter((name) => !acts.includes(name));
  expect([...ALLOWED_TOOLS].sort()).toEqual(names.sort());
});

const PREFIX = 'mcp__plugin_samocode_samocode__';
const named = (...tools: string[]) => tools.map((tool) => PREFIX + tool);
const HOOK = { hooks: { Elicitation: [{ hooks: [{ type: 'command', command: 'true' }] }] } };

test('tools for human acts without a form ask for permission; the two with a form ask only if a hook answers forms', async () => {
  await using machine = await startMachine();
  await install({ ...ALL, clients: ['claude'] }, machine.context);
  const asked = async () => JSON.parse(await machine.read('.claude/settings.json')).permissions.ask;
  const acts = named('setup_project', 'finish_session', 'rewind_session');
  expect(await asked()).toEqual(acts);
  await writeFile(join(machine.home, '.claude/settings.local.json'), JSON.stringify(HOOK));
  await install({ ...ALL, clients: ['claude'] }, machine.context);
  expect([...(await asked())].sort()).toEqual([...named('answer_qa', 'approve_plan'), ...acts].sort());
});

test("in Codex each tool has its rule, the person's own rules are kept, and an update of the plugin keeps samocode's", async () => {
  await using machine = await startMachine();
  const install1 = () => install({ ...ALL, clients: ['codex'] }, machine.context);
  const mode = async (tool: string) => {
    const { plugins }: { plugins?: unknown } = parse(await machine.read('.codex/config.toml'));
    return Object(plugins)['samocode@samocode'].mcp_servers.samocode.tools[tool].approval_mode;
  };
  const [first] = (await install1()).clients;
  expect(first?.summary).toMatch(
    /; runs without asking: answer_qa, approve_plan, start_session, .*; always asks before: setup_project, /,
  );
  expect(await mode('start_session')).toBe('approve');
  expect(await mode('approve_plan')).toBe('approve');
  expect(await mode('finish_session')).toBe('prompt');
  const path = join(machine.home, '.codex/config.toml');
  const own = (await machine.read('.codex/config.toml')).replace(
    /(?<=tools\.wait\]\n).*/,
    'approval_mode = "prompt"',
  );
  await writeFile(path, own);
  expect((await install1()).clients[0]?.outcome).toBe('nothing_to_do');
  expect(await machine.read('.codex/config.toml')).toBe(own);
  await rm(join(machine.home, '.config/samocode/clients/codex/plugin'), { recursive: true });
  expect((await install1()).clients[0]?.outcome).toBe('changed');
  expect(await mode('finish_session')).toBe('prompt');
});

describe('doctor', () => {
  const rules = async ({ context }: Machine, client: string) =>
    (await installChecks(context)).filter(({ id }) => id === `install.${client}.rules`);

  test('reports nothing about rules as they were installed, or about a client without samocode', async () => {
    await using machine = await startMachine();
    expect(await rules(machine, 'claude')).toEqual([]);
    await install(ALL, machine.context);
    expect(await rules(machine, 'claude')).toEqual([]);
    expect(await rules(machine, 'codex')).toEqual([]);
  });

  test('names a missing rule, with the line to add', async () => {
    await using machine = await startMachine();
    await install(ALL, machine.context);
    const path = join(machine.home, '.claude/settings.json');
    const settings = JSON.parse(await machine.read('.claude/settings.json'));
    settings.permissions.ask = settings.permissions.ask.slice(0, 2);
    await writeFile(path, JSON.stringify(settings));
    expect(await rules(machine, 'claude')).toMatchObject([
      {
        level: 'warn',
        found: 'Claude Code may run rewind_session without asking you.',
        fix: `Run: samocode install. Or add to permissions.ask in ${path}: "${PREFIX}rewind_session"`,
      },
    ]);
  });

  test('names a gate that is always allowed, a hook that answers forms, and a weakened Codex rule', async () => {
    await using machine = await startMachine();
    await install(ALL, machine.context);
    const local = join(machine.home, '.claude/settings.local.json');
    await writeFile(local, JSON.stringify({ permissions: { allow: named('approve_plan') } }));
    expect(await rules(machine, 'claude')).toMatchObject([
      {
        level: 'ok',
        found: expect.stringMatching(/settings\.local\.json always allows approve_plan: .*claude -p/),
      },
    ]);
    await writeFile(local, JSON.stringify(HOOK));
    expect(await rules(machine, 'claude')).toMatchObject([
      { level: 'warn', found: expect.stringContaining(`An Elicitation hook in ${local} answers forms`) },
      { level: 'warn', found: 'Claude Code may run answer_qa, approve_plan without asking you.' },
    ]);
    const config = join(machine.home, '.codex/config.toml');
    const text = await machine.read('.codex/config.toml');
    await writeFile(config, text.replaceAll('"prompt"', '"approve"'));
    expect(await rules(machine, 'codex')).toContainEqual({
      id: 'install.codex.rules',
      level: 'warn',
      found: 'Codex may run finish_session without asking you: its approval_mode is approve.',
      fix: `In ${config}, below [plugins."samocode@samocode".mcp_servers.samocode.tools.finish_session]: approval_mode = "prompt"`,
    });
  });
});

test('without the allow-list the permissions are not changed', async () => {
  await using machine = await startMachine();
  await install({ ...ALL, allow: false, clients: ['claude'] }, machine.context);
  expect(JSON.parse(await machine.read('.claude/settings.json')).permissions).toEqual({
    deny: ['Bash(rm:*)'],
  });
});

test('the package of a client starts this same installation', async () => {
  await using machine = await startMachine();
  await install(ALL, machine.context);
  const plugin = JSON.parse(
    await machine.read('.config/samocode/clients/claude/plugin/.claude-plugin/plugin.json'),
  );
  const server = { command: process.execPath, args: [SERVER_PATH] };
  // Its commands are what prompts would double.
  expect(plugin.mcpServers.samocode).toEqual({ ...server, args: [...server.args, '--no-prompts'] });
  const desktop = JSON.parse(await machine.read(DESKTOP_PATH));
  expect(desktop.mcpServers).toEqual({ other: { command: 'x' }, samocode: server });
  await install({ ...ALL, allSkills: true, clients: ['desktop'] }, machine.context);
  const { mcpServers } = JSON.parse(await machine.read(DESKTOP_PATH));
  expect(mcpServers.samocode).toEqual({ ...server, args: [...server.args, '--all-prompts'] });
});

test('where no client is named, settings with comments that a client cannot write are left to the person, as doctor says', async () => {
  await using machine = await startMachine({ desktop: `${DESKTOP} // mine` });
  await machine.write('.claude/settings.json', COMMENTED);
  const [check] = await installChecks(machine.context);
  expect(check?.found).toBe(
    '"samocode install" adds or updates it in Codex, Claude Desktop; "samocode install" says what to change by hand in Claude Code',
  );
  const { clients } = await install(ALL, machine.context);
  expect(clients.map(({ client, outcome }) => `${client} ${outcome}`)).toEqual([
    'claude by_hand',
    'codex changed',
    'desktop changed',
  ]);
});

test('settings that cannot be read are named by doctor, in a report on all clients', async () => {
  await using machine = await startMachine();
  await machine.write('.codex/config.toml', '');
  await chmod(machine.home, 0o755);
  await chmod(join(machine.home, '.codex/config.toml'), 0);
  const checks = await asOrdinaryUser(() => installChecks(machine.context));
  expect(checks[0]?.found).toContain('says what to change by hand in Codex');
  expect(checks.find(({ id }) => id === 'install.codex.rules')).toMatchObject({
    level: 'warn',
    found: expect.stringContaining(join(machine.home, '.codex/config.toml')),
  });
});

test('settings that cannot be read are not changed, and the other clients are installed', async () => {
  await using machine = await startMachine({ desktop: '{ "mcpServers": ' });
  const { clients } = await install(ALL, machine.context);
  expect(clients.map(({ outcome }) => outcome)).toEqual(['changed', 'changed', 'failed']);
  expect(clients[2]?.problem).toMatchObject({ code: 'settings_file_unreadable' });
  expect(await machine.read(DESKTOP_PATH)).toBe('{ "mcpServers": ');
});

test('remains of a plugin that a person removed through the client are removed too', async () => {
  await using machine = await startMachine();
  await install({ ...ALL, clients: ['claude'] }, machine.context);
  await rm(join(machine.home, '.claude/plugins/installed_plugins.json'));
  const { clients } = await uninstall({ ...ALL, clients: ['claude'] }, machine.context);
  expect(clients[0]?.steps).toContainEqual(expect.stringContaining('known_marketplaces.json'));
  expect(clients[0]?.steps).not.toContainEqual(expect.stringContaining('installed_plugins.json'));
});

test('in a project the shared file names the command on PATH, and uninstalling removes every line', async () => {
  await using machine = await startMachine();
  const project = join(machine.home, 'project');
  await mkdir(project);
  const input: InstallInput = { ...ALL, clients: ['claude', 'codex'], scope: 'project', projectDir: project };
  const { clients } = await install(input, machine.context);
  expect(clients).toMatchObject([
    { outcome: 'changed' },
    { outcome: 'failed', problem: { code: 'scope_not_supported' } },
  ]);
  expect(JSON.parse(await machine.read('project/.mcp.json'))).toEqual({
    mcpServers: { samocode: { command: 'samocode-mcp', args: [] } },
  });
  await uninstall(input, machine.context);
  expect(await machine.read('project/.mcp.json')).toBe('{}\n');
  const unnamed = await install({ ...input, clients: [] }, machine.context);
  expect(unnamed.clients).toMatchObject([
    { outcome: 'changed' },
    { outcome: 'not_supported' },
    { outcome: 'not_supported' },
  ]);
});

test("a project's own plugin is not changed, and does not prevent installing and uninstalling", async () => {
  await using machine = await startMachine();
  const path = '.claude/plugins/installed_plugins.json';
  const ofProject = { scope: 'project', projectPath: '/somewhere' };
  const register = JSON.stringify(
    { version: 2, plugins: { 'samocode@samocode': [ofProject] } },
    undefined,
    2,
  );
  await mkdir(join(machine.home, '.claude/plugins/cache/samocode'), { recursive: true });
  await writeFile(join(machine.home, path), register);
  const input = { ...ALL, clients: ['claude'] };
  expect((await install(input, machine.context)).clients).toMatchObject([{ outcome: 'changed' }]);
  expect((await install(input, machine.context)).clients).toMatchObject([{ outcome: 'nothing_to_do' }]);
  expect((await uninstall(input, machine.context)).clients).toMatchObject([{ outcome: 'changed' }]);
  expect(JSON.parse(await machine.read(path))).toEqual(JSON.parse(register));
  expect(await readdir(join(machine.home, '.claude/plugins/cache'))).toEqual(['samocode']);
  expect((await uninstall(input, machine.context)).clients).toMatchObject([{ outcome: 'nothing_to_do' }]);
});

test('a settings file that cannot be written is named, and the other clients are installed', async () => {
  await using machine = await startMachine();
  const path = join(machine.home, DESKTOP_PATH);
  await rm(path);
  await symlink(path, path);
  const { clients } = await install(ALL, machine.context);
  expect(clients.map(({ outcome }) => outcome)).toEqual(['changed', 'changed', 'failed']);
  expect(clients[2]?.problem).toMatchObject({ code: 'file_refused', message: expect.stringContaining(path) });
});

test('an unknown or missing client is reported', async () => {
  await using machine = await startMachine();
  await expect(install({ ...ALL, clients: ['emacs'] }, machine.context)).rejects.toThrow(
    'claude, codex, gemini, desktop, vscode, cursor, copilot, opencode, zed, windsurf',
  );
  const { clients } = await install({ ...ALL, clients: ['gemini'] }, machine.context);
  expect(clients).toMatchObject([{ client: 'gemini', outcome: 'not_found' }]);
});

/** Fails at the second command, like a client that cannot write its settings. */
const FAILS_LATE = `case "$*" in "plugin install"*|"plugin add"*)
  echo "Adding..."; printf 'WARNING: one\\nError: failed to load: no network\\n\\nCaused by:\\n  1: two\\n  2: three\\n  7: <unknown>\\n  8: <unknown>\\n' >&2; exit 1;; esac`;

test('a table of Codex that is commented out does not count', async () => {
  const settings = '# [plugins."samocode@samocode"]\nmodel = "x"\n';
  await using machine = await emptyMachine({ '.codex/config.toml': settings });
  await machine.addClient('codex');
  const { clients } = await install({ ...ALL, clients: ['codex'], dryRun: true }, machine.context);
  expect(clients[0]?.steps.join('\n')).not.toContain('remove');
});

test('a client whose command fails halfway gets the rest when samocode is installed again', async () => {
  const settings = '{\n\t"model": "opus"\n}\n';
  await using machine = await emptyMachine({ '.claude/settings.json': settings });
  await machine.addClient('claude', `[ -e "$HOME/online" ] || { ${FAILS_LATE}\n}`);
  const input = { ...ALL, clients: ['claude'] };
  expect((await install(input, machine.context)).clients).toMatchObject([
    { outcome: 'failed', problem: { code: 'client_command_failed' } },
  ]);
  expect(await machine.read('.claude/settings.json')).not.toContain('permissions');
  await machine.write('online', '');
  expect((await install(input, machine.context)).clients).toMatchObject([{ outcome: 'changed' }]);
  expect((await install(input, machine.context)).clients).toMatchObject([{ outcome: 'nothing_to_do' }]);
});

test('an uninstall removes the remains of an installation that failed halfway', async () => {
  await using machine = await emptyMachine();
  await machine.addClient('claude', FAILS_LATE);
  const input = { ...ALL, clients: ['claude'] };
  await install(input, machine.context);
  expect((await uninstall(input, machine.context)).clients).toMatchObject([{ outcome: 'changed' }]);
  const registers = await machine.files();
  const texts = await Promise.all(registers.map(machine.read));
  expect([...texts, ...registers].join()).not.toContain('samocode');
});

test('the step that failed is reported, with the first lines of its error', async () => {
  await using machine = await emptyMachine();
  await machine.addClient('codex', FAILS_LATE);
  const { clients } = await install({ ...ALL, clients: ['codex'] }, machine.context);
  expect(clients[0]).toMatchObject({ failedStep: expect.stringContaining('plugin add samocode@samocode') });
  expect(clients[0]?.problem?.said).toMatch(/^Error: failed to load: no network\nCaused by:/);
});

test('comments in the settings of Claude Code, which cannot write those, are kept: the person adds the server alone', async () => {
  await using machine = await emptyMachine({ '.claude/settings.json': COMMENTED });
  await machine.addClient('claude');
  const input = { ...ALL, clients: ['claude'] };
  for (const dryRun of [true, false])
    expect((await install({ ...input, dryRun }, machine.context)).clients).toMatchObject([
      {
        outcome: 'failed',
        problem: {
          code: 'settings_have_comments',
          hint: `Remove the comments, or add the server without skills and commands: claude mcp add --scope user samocode -- ${process.execPath} ${SERVER_PATH}`,
        },
      },
    ]);
  expect(await machine.files()).toEqual(['.claude/settings.json']);
  const server = { command: process.execPath, args: [SERVER_PATH] };
  await machine.write('.claude.json', JSON.stringify({ userID: 'x', mcpServers: { samocode: server } }));
  expect((await install(input, machine.context)).clients).toMatchObject([{ outcome: 'nothing_to_do' }]);
  expect((await uninstall(input, machine.context)).clients).toMatchObject([{ outcome: 'changed' }]);
  expect(JSON.parse(await machine.read('.claude.json'))).toEqual({ userID: 'x' });
  expect(await machine.read('.claude/settings.json')).toBe(COMMENTED);
});

test('settings of Claude Code that are not JSON are reported before anything is changed', async () => {
  await using machine = await emptyMachine({ '.claude/settings.json': '{ "model": ' });
  await machine.addClient('claude');
  const { clients } = await install({ ...ALL, clients: ['claude'] }, machine.context);
  expect(clients).toMatchObject([{ outcome: 'failed', problem: { code: 'settings_file_unreadable' } }]);
  expect(await machine.files()).toEqual(['.claude/settings.json']);
});

test('a samocode in the npx cache installs nothing that would start it', async () => {
  await using machine = await emptyMachine({ [DESKTOP_PATH]: '{}' });
  const worker = '/home/x/.npm/_npx/1234/node_modules/samocode-mcp/dist/worker.cjs';
  const programs = { ...machine.context.programs, worker };
  const { clients } = await install({ ...ALL, clients: ['desktop'] }, { ...machine.context, programs });
  expect(clients).toMatchObject([{ outcome: 'failed', problem: { code: 'program_not_lasting' } }]);
  expect(await machine.read(DESKTOP_PATH)).toBe('{}');
});

test('a Gemini CLI extension is a folder that samocode writes, for which no command of the client is run', async () => {
  await using machine = await emptyMachine();
  await machine.addProgram('gemini', 'touch "$HOME/was-run"');
  const input = { ...ALL, clients: ['gemini'] };
  expect((await install(input, machine.context)).clients).toMatchObject([{ outcome: 'changed' }]);
  const files = await machine.files();
  expect(files).toContain('.gemini/extensions/samocode/gemini-extension.json');
  expect(files.filter((path) => !path.startsWith('.gemini/extensions/samocode/'))).toEqual([]);
  expect((await install(input, machine.context)).clients).toMatchObject([{ outcome: 'nothing_to_do' }]);
  expect((await uninstall(input, machine.context)).clients).toMatchObject([{ outcome: 'changed' }]);
  expect(await machine.files()).toEqual([]);
});

type Machine = Awaited<ReturnType<typeof startMachine>>;

/** A home with two clients on PATH and the settings of Claude Desktop. */
async function startMachine({ desktop = DESKTOP }: { desktop?: string } = {}) {
  const machine = await emptyMachine({ '.claude/settings.json': SETTINGS, [DESKTOP_PATH]: desktop });
  await machine.addClient('claude');
  await machine.addClient('codex');
  return machine;
}
