import { expect, test } from 'vitest';
import { install, uninstall } from '../../../src/actions/install.ts';
import { ALL, DESKTOP_PATH, emptyMachine } from './machine.ts';

const DESKTOP = { ...ALL, clients: ['desktop'] };

test.each([
  ['uv', ['--directory', '/home/me/src/samocode-mcp', 'run', 'my-own-server']],
  ['node', ['/home/me/server.js', '--data', '/home/me/samocode-mcp']],
  ['my-server', ['samocode-mcp']],
  ['npx', ['-y', 'other-server', 'samocode-mcp']],
])(
  'a server that %s starts with %j is not ours, wherever our name is among its arguments',
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
])('a server that %s starts with %j is ours', async (command, args) => {
  const ours = JSON.stringify({ mcpServers: { samocode: { command, args }, other: {} } });
  await using machine = await emptyMachine({ [DESKTOP_PATH]: ours });
  expect((await uninstall(DESKTOP, machine.context)).clients).toMatchObject([{ outcome: 'changed' }]);
  expect(JSON.parse(await machine.read(DESKTOP_PATH))).toEqual({ mcpServers: { other: {} } });
});
