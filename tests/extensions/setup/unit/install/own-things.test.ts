import { join } from 'node:path';
import { expect, test } from 'vitest';
import { install, uninstall } from '../../../../../src/extensions/setup/install/install.ts';
import { ALL, DESKTOP_PATH, emptyMachine } from './machine.ts';

const GEMINI = { ...ALL, clients: ['gemini'] };
const DESKTOP = { ...ALL, clients: ['desktop'] };
const EXTENSION = '.gemini/extensions/samocode';
/** A person's own extension with samocode's name, and where it is enabled. */
const OWN_EXTENSION = {
  [`${EXTENSION}/.gemini-extension-install.json`]: '{ "source": "/home/me/samocode", "type": "link" }',
  [`${EXTENSION}/notes.md`]: 'mine',
  '.gemini/extensions/extension-enablement.json': '{ "samocode": { "overrides": ["/home/me/*"] } }',
};
const files = Object.keys(OWN_EXTENSION).sort();

test("an uninstall leaves a person's own Gemini extension of the same name", async () => {
  await using machine = await emptyMachine(OWN_EXTENSION);
  expect((await uninstall(GEMINI, machine.context)).clients).toMatchObject([{ outcome: 'nothing_to_do' }]);
  expect(await machine.files()).toEqual(files);
  expect(await machine.read('.gemini/extensions/extension-enablement.json')).toContain('/home/me/*');
});

test.each([
  ['', false],
  [' with --replace', true],
])(
  "an install%s refuses to replace a person's own Gemini extension of the same name",
  async (_how, replace) => {
    await using machine = await emptyMachine(OWN_EXTENSION);
    await machine.addProgram('gemini', 'exit 1');
    const { clients } = await install({ ...GEMINI, replace }, machine.context);
    expect(clients).toMatchObject([
      {
        outcome: 'failed',
        problem: {
          code: 'own_extension',
          message: expect.stringContaining(join(machine.home, EXTENSION)),
          hint: expect.stringContaining('gemini extensions uninstall samocode'),
        },
      },
    ]);
    expect(await machine.files()).toEqual(files);
  },
);

test('a Gemini extension without a record of its source is kept', async () => {
  await using machine = await emptyMachine({ [`${EXTENSION}/gemini-extension.json`]: '{}' });
  expect((await uninstall(GEMINI, machine.context)).clients).toMatchObject([{ outcome: 'nothing_to_do' }]);
  expect(await machine.files()).toEqual([`${EXTENSION}/gemini-extension.json`]);
});

test.each([
  ['uv', ['--directory', '/home/me/src/samocode-mcp', 'run', 'my-own-server']],
  ['node', ['/home/me/server.js', '--data', '/home/me/samocode-mcp']],
  ['my-server', ['samocode-mcp']],
  ['npx', ['-y', 'other-server', 'samocode-mcp']],
])(
  "a server that %s starts with %j is not samocode's, wherever its name is among the arguments",
  async (command, args) => {
    const own = JSON.stringify({ mcpServers: { samocode: { command, args } } });
    await using machine = await emptyMachine({ [DESKTOP_PATH]: own });
    expect((await install(DESKTOP, machine.context)).clients).toMatchObject([
      { outcome: 'failed', problem: { code: 'own_entry' } },
    ]);
    expect((await uninstall(DESKTOP, machine.context)).clients).toMatchObject([{ outcome: 'nothing_to_do' }]);
    expect(await machine.read(DESKTOP_PATH)).toBe(own);
  },
);

test.each([
  ['samocode-mcp', []],
  ['/opt/bin/samocode-mcp', []],
  ['/old/dist/samocode-mcp.js', []],
  ['/usr/bin/node', ['/old/dist/samocode-mcp.js']],
  ['/usr/bin/nodejs', ['--no-warnings', '/old/dist/samocode-mcp.js']],
  ['npx', ['-y', 'samocode-mcp']],
  ['npx', ['--yes', 'samocode-mcp@0.1.0']],
  ['bunx', ['samocode-mcp@latest']],
])("a server that %s starts with %j is samocode's", async (command, args) => {
  const ours = JSON.stringify({ mcpServers: { samocode: { command, args }, other: {} } });
  await using machine = await emptyMachine({ [DESKTOP_PATH]: ours });
  expect((await uninstall(DESKTOP, machine.context)).clients).toMatchObject([{ outcome: 'changed' }]);
  expect(JSON.parse(await machine.read(DESKTOP_PATH))).toEqual({ mcpServers: { other: {} } });
});
