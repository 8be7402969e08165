import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'vitest';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { sessionFolders } from '../../../src/core/session/folder/session-list.ts';
import { type InstallInput, install, uninstall } from '../../../src/extensions/setup/install/install.ts';
import { makeBench } from '../../support/bench.ts';
import { installCli } from '../../support/install-clis.ts';
import { PARENT_PROMPT, serverResultIn, startParentModel } from '../../support/model-stub/parent-model.ts';

const LIMIT_MS = 600_000;
const NO_SERVERS = { args: ['mcp', 'list'], says: 'No MCP servers configured' };

/**
 * Clients that get one server in one file: what a person has there, how the program then lists ours, and how it talks to a
 * model of ours. `tool`: a name as the program gives it to its model.
 */
const CLIENTS = [
  {
    client: 'opencode',
    path: '.config/opencode/opencode.json',
    // Without a schema opencode would add it.
    text: '{\n\t"$schema": "https://opencode.ai/config.json",\n\t"autoupdate": false\n}\n',
    list: { args: ['mcp', 'list'], says: '✓ samocode' },
    chat: ['run', '-m', 'anthropic/claude-sonnet-4-5', PARENT_PROMPT],
    environment: (url: string) => ({
      OPENCODE_CONFIG_CONTENT: JSON.stringify({
        small_model: 'anthropic/claude-sonnet-4-5',
        share: 'disabled',
        provider: { anthropic: { options: { baseURL: `${url}/v1`, apiKey: 'x' } } },
      }),
    }),
    tool: (name: string) => `samocode_${name}`,
  },
  {
    client: 'copilot',
    path: '.copilot/mcp-config.json',
    text: '{\n  "mcpServers": {}\n}\n',
    list: { args: ['mcp', 'get', 'samocode'], says: 'Status: Enabled' },
    chat: ['-p', PARENT_PROMPT, '--allow-all-tools'],
    environment: (url: string) => ({
      COPILOT_OFFLINE: 'true',
      COPILOT_PROVIDER_BASE_URL: url,
      COPILOT_PROVIDER_TYPE: 'anthropic',
      COPILOT_PROVIDER_API_KEY: 'x',
      COPILOT_MODEL: 'claude-sonnet-4',
    }),
    tool: (name: string) => `samocode-${name}`,
  },
] as const;

test.concurrent.for(CLIENTS)(
  'the real $client lists samocode after an install in a fresh home, starts a session with it, and forgets it after an uninstall',
  { timeout: 600_000 },
  async ({ client, path, text, list, chat, environment, tool }, { expect }) => {
    await using bench = await makeBench();
    const { homeDir, path: cwd } = bench.repo;
    const { path: program } = await installCli(client);
    await using model = await startParentModel('claude', function* () {
      yield { say: 'First.', name: tool('setup_project'), input: { provider: 'rehearsal' } };
      yield { say: 'Then.', name: tool('start_session'), input: { task: 'Name the boats', name: 'boats' } };
    });
    const env = {
      HOME: homeDir,
      PATH: process.env.PATH ?? '',
      [`${client.toUpperCase()}_PATH`]: program,
      SAMOCODE_REHEARSAL_PACE_MS: '0',
      SAMOCODE_SUPERVISOR: 'off',
      KEEP_AWAKE: 'no',
      ...environment(model.url),
    };
    const run = async (args: readonly string[]) => {
      const ran = await runCommand(program, [...args], { cwd, env, timeoutMs: LIMIT_MS });
      expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0);
      return ran.stdout + ran.stderr;
    };
    const file = join(homeDir, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    const context = { ...bench.context, env, home: homeDir };
    const input: InstallInput = { scope: 'user', dryRun: false, allow: true, clients: [client] };

    expect((await install({ ...input, dryRun: true }, context)).clients).toMatchObject([
      { outcome: 'would_change' },
    ]);
    expect(await run(NO_SERVERS.args)).toContain(NO_SERVERS.says);
    expect((await install(input, context)).clients).toMatchObject([{ outcome: 'changed' }]);
    expect(await run(list.args)).toContain(list.says);
    expect((await install(input, context)).clients).toMatchObject([{ outcome: 'nothing_to_do' }]);

    expect(await run(chat)).toContain('All done.');
    expect(model.turns.at(-1)?.results.map((result) => serverResultIn(result.text))).toMatchObject([
      { next: expect.stringContaining('start_session') },
      { next: 'wait', branch: 'samocode/boats' },
    ]);
    const [folder = ''] = await sessionFolders(bench.sessionsDir);
    expect((await bench.view(folder)).sessionFile).toMatchObject({ task: 'Name the boats' });

    expect((await uninstall(input, context)).clients).toMatchObject([{ outcome: 'changed' }]);
    expect(await run(NO_SERVERS.args)).toContain(NO_SERVERS.says);
    expect(await readFile(file, 'utf8')).toBe(text);
  },
);
