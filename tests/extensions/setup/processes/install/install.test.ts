// @module-tag ci
import { expect, test } from 'vitest';
import { install, uninstall } from '../../../../../src/extensions/setup/install/install.ts';
import { ALL, DESKTOP_PATH, emptyMachine, SERVER_PATH } from '../../unit/install/machine.ts';

const OWN =
  '{ "mcpServers": { "samocode": { "command": "python", "args": ["mine"], "env": { "A": "b" } } } }';
const COMMENTED = '{\n  // mine\n  "model": "opus",\n}\n';
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
          hint: `Change it by hand: remove the comments, or add the server without skills and commands: claude mcp add --scope user samocode -- ${process.execPath} ${SERVER_PATH}`,
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

test('every step is reported when it begins, client by client', async () => {
  await using machine = await emptyMachine({ [DESKTOP_PATH]: '{}' });
  await machine.addClient('codex');
  const seen: string[] = [];
  const onProgress = (event: { title: string; step?: string }) =>
    seen.push(`${event.title}: ${event.step?.split(' ').at(0) ?? 'begins'}`);
  await install({ ...ALL, clients: ['codex', 'desktop'], onProgress }, machine.context);
  expect(seen).toEqual([
    'Codex: begins',
    'Codex: write',
    'Codex: run',
    'Codex: run',
    'Codex: add',
    'Claude Desktop: begins',
    'Claude Desktop: add',
  ]);
});

test("with --replace the dry run describes the user's own server, and the install replaces it", async () => {
  await using machine = await emptyMachine({ [DESKTOP_PATH]: OWN });
  const input = { ...ALL, clients: ['desktop'], replace: true };
  const dry = await install({ ...input, dryRun: true }, machine.context);
  expect(dry.clients[0]?.steps).toEqual([expect.stringContaining('instead of your own: python mine')]);
  await install(input, machine.context);
  expect(JSON.parse(await machine.read(DESKTOP_PATH)).mcpServers.samocode).toEqual({
    command: process.execPath,
    args: [SERVER_PATH],
  });
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
