import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ActionContext } from '../../src/actions/acting/context.ts';
import { systemClock } from '../../src/base/clock.ts';
import { systemHost } from '../../src/base/processes/host.ts';
import { install, uninstall } from '../../src/machine/install/install.ts';
import { uninstallSupervisor } from '../../src/machine/service/install-supervisor.ts';
import { builtPrograms } from '../support/built-programs.ts';
import { type UnpackedPlace, unpackPlace } from '../support/recorded-place.ts';

const ALL = { scope: 'user', dryRun: false, allow: true, removePython: false } as const;

test('what 0.1 installed is removed from every client, without any of them, and the rest stays', async () => {
  await using place = await unpackPlace(recording('clients'));
  const { clients } = await uninstall(ALL, await contextOf(place));

  expect(clients.map(({ client, outcome }) => `${client} ${outcome}`)).toEqual([
    'claude changed',
    'codex changed',
    'gemini changed',
    'desktop changed',
  ]);
  expect(await filesThatName(place.home, 'samocode')).toEqual(['.gemini/extension_integrity.json']);
  const own = (name: string) => readFile(join(place.home, name), 'utf8');
  expect(JSON.parse(await own('.claude/settings.json'))).toEqual({
    model: 'opus',
    permissions: { deny: ['Bash(rm:*)'] },
  });
  expect(await own('.codex/config.toml')).toBe(
    '# mine\nmodel = "gpt-5"\n\n[mcp_servers.other]\ncommand = "x"\n',
  );
  expect(await own('.gemini/settings.json')).toBe('{\n  // mine\n  "theme": "dark"\n}\n');
  expect(JSON.parse(await own('.config/Claude/claude_desktop_config.json'))).toEqual({
    mcpServers: { other: { command: 'x' } },
  });
});

test('what 0.1 wrote for Claude Desktop is known as ours and replaced by an installation', async () => {
  await using place = await unpackPlace(recording('clients'));
  const input = { ...ALL, clients: ['desktop'] };
  const { clients } = await install(input, await contextOf(place));
  expect(clients).toMatchObject([{ client: 'desktop', outcome: 'changed' }]);
  expect((await install(input, await contextOf(place))).clients).toMatchObject([
    { outcome: 'nothing_to_do' },
  ]);
});

test.each([
  ['systemd', 'linux'],
  ['launchd', 'darwin'],
  ['cron', 'linux'],
] as const)('the monitor that 0.1 installed with %s is found and removed', async (service, platform) => {
  await using place = await unpackPlace(recording(`service-${service}`));
  const context = { ...(await contextOf(place)), env: { PATH: join(place.root, 'bin'), HOME: place.home } };
  const report = await uninstallSupervisor({ dryRun: false, platform }, context);
  expect(report).toMatchObject({ outcome: 'changed', services: [service] });
  expect(await filesThatName(place.home, 'samocode')).toEqual([]);
  expect(await readFile(join(place.home, 'table'), 'utf8')).toBe('5 4 * * * backup\n');
});

function recording(name: string): string {
  return join(import.meta.dirname, '../golden/release-0.1', name);
}

/** A machine on which no client can be found any more. */
async function contextOf({ home }: UnpackedPlace): Promise<ActionContext> {
  const none = { CLAUDE_PATH: '/nowhere', CODEX_PATH: '/nowhere', GEMINI_PATH: '/nowhere' };
  return {
    clock: systemClock,
    host: await systemHost(),
    env: { HOME: home, PATH: '/usr/bin:/bin', SAMOCODE_SUPERVISOR: 'off', ...none },
    home,
    cwd: home,
    by: { channel: 'cli' },
    programs: await builtPrograms(),
  };
}

async function filesThatName(home: string, word: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(home, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && (await readFile(path, 'utf8')).includes(word))
      found.push(path.slice(home.length + 1));
  }
  return found.sort();
}
