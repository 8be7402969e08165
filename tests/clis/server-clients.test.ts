import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'vitest';
import type { ActionContext } from '../../src/acts/common/context.ts';
import { systemClock } from '../../src/base/clock.ts';
import { systemHost } from '../../src/base/processes/host.ts';
import { runCommand } from '../../src/base/processes/run-command.ts';
import { type InstallInput, install, uninstall } from '../../src/machine/install/install.ts';
import { installCli } from '../support/install-clis.ts';
import { tempDir } from '../support/temp-dir.ts';

const ROOT = join(import.meta.dirname, '../..');
const SERVER = join(ROOT, 'dist/samocode-mcp.js');
const LIMIT_MS = 120_000;

/** Clients that get one server in one file: what a person has there, and how the program then lists ours. */
const CLIENTS = [
  {
    client: 'opencode',
    path: '.config/opencode/opencode.json',
    // Without a schema opencode would add it.
    text: '{\n\t"$schema": "https://opencode.ai/config.json",\n\t// mine\n\t"autoupdate": false,\n}\n',
    lists: [
      [['mcp', 'list'], new RegExp(`✓ samocode .*connected[^]*${SERVER}`)],
      [['debug', 'config'], /"samocode": \{\s*"type": "local"/],
    ],
    none: [['mcp', 'list'], /No MCP servers configured/],
  },
  {
    client: 'copilot',
    path: '.copilot/mcp-config.json',
    text: '{\n  // mine\n  "mcpServers": {}\n}\n',
    lists: [
      [['mcp', 'list'], /User servers:\s+samocode \(local\)/],
      [['mcp', 'get', 'samocode'], new RegExp(`Status: Enabled[^]*${SERVER}[^]*Tools: \\* \\(all\\)`)],
    ],
    none: [['mcp', 'list'], /No MCP servers configured/],
  },
] as const;

test.concurrent.for(CLIENTS)(
  'the real $client lists samocode after an install in a fresh home, and nothing after an uninstall',
  { timeout: 600_000 },
  async ({ client, path, text, lists, none }, { expect }) => {
    await using home = await tempDir();
    const { path: program } = await installCli(client);
    const file = join(home.path, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    const env = { HOME: home.path, PATH: process.env.PATH ?? '' };
    const said = async ([args, words]: (typeof lists)[number] | typeof none) => {
      const { exitCode, stdout, stderr } = await runCommand(program, [...args], {
        cwd: home.path,
        env,
        timeoutMs: LIMIT_MS,
      });
      expect(exitCode, stderr).toBe(0);
      expect(stdout + stderr).toMatch(words);
    };
    const context: ActionContext = {
      clock: systemClock,
      host: await systemHost(),
      env: { ...env, [`${client.toUpperCase()}_PATH`]: program },
      home: home.path,
      cwd: home.path,
      by: { channel: 'cli', client: 'test' },
      programs: {
        worker: join(ROOT, 'dist/worker.cjs'),
        rehearsal: join(ROOT, 'dist/samocode-rehearsal.cjs'),
      },
    };
    const input: InstallInput = { scope: 'user', dryRun: false, allow: true, clients: [client] };

    await said(none);
    const dry = await install({ ...input, dryRun: true }, context);
    expect(dry.clients).toMatchObject([{ outcome: 'would_change' }]);
    await said(none);
    expect((await install(input, context)).clients).toMatchObject([{ outcome: 'changed' }]);
    for (const list of lists) await said(list);
    expect((await install(input, context)).clients).toMatchObject([{ outcome: 'nothing_to_do' }]);
    expect((await uninstall(input, context)).clients).toMatchObject([{ outcome: 'changed' }]);
    await said(none);
    expect(await readFile(file, 'utf8')).toBe(text);
  },
);
