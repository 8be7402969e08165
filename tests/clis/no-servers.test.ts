import { appendFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ifExists } from '../../src/base/errors.ts';
import { runCommand } from '../../src/base/processes/run-command.ts';
import { newCodexMeter } from '../../src/providers/codex/codex.ts';
import { newGeminiMeter } from '../../src/providers/gemini/gemini-meter.ts';
import { installCli } from '../support/install-clis.ts';
import { startServer } from '../support/model-stub/server.ts';
import type { ModelOf } from '../support/model-stub/services.ts';
import { startCliSession } from './cli-session.ts';

/** Puts a server that leaves a trace when started into every place where a person may have configured one. */
async function configure(
  cli: ModelOf,
  { homeDir, mainRepo, trace }: Record<'homeDir' | 'mainRepo' | 'trace', string>,
) {
  const server = { command: 'touch', args: [trace] };
  const json = JSON.stringify({ mcpServers: { samocode: server } });
  switch (cli) {
    case 'claude':
      await writeFile(join(homeDir, '.claude.json'), json);
      await writeFile(join(mainRepo, '.mcp.json'), json);
      break;
    case 'codex': {
      const path = join(homeDir, '.codex/config.toml');
      const table = `\n[mcp_servers."my samocode"]\ncommand = "touch"\nargs = ["${trace}"]\n`;
      await writeFile(path, (await readFile(path, 'utf8')) + table);
      break;
    }
    case 'gemini': {
      const path = join(homeDir, '.gemini/settings.json');
      const settings = JSON.parse(await readFile(path, 'utf8'));
      await writeFile(path, JSON.stringify({ ...settings, mcpServers: { samocode: server } }));
      await mkdir(join(mainRepo, '.gemini'));
      await writeFile(join(mainRepo, '.gemini/settings.json'), json);
      break;
    }
    default:
      cli satisfies never;
  }
  const git = (...args: string[]) => runCommand('git', args, { cwd: mainRepo });
  await git('add', '-A');
  await git('commit', '-q', '-m', 'Servers of the project');
}

/** What each CLI writes down of its use, where the worker reads it while the child works. */
const METERS: Readonly<Record<ModelOf, typeof newCodexMeter | undefined>> = {
  claude: undefined,
  codex: newCodexMeter,
  gemini: newGeminiMeter,
};

test.concurrent.for(['claude', 'codex', 'gemini'] as const)(
  'no server of the person, of a plugin of theirs or of the project is started by a %s child, and its log tells what its last word tells',
  async (cli, { expect }) => {
    let trace = '';
    await using session = await startCliSession({
      cli,
      before: async (places) => {
        trace = join(places.homeDir, 'server-was-started');
        await configure(cli, { ...places, trace });
        // As an install of samocode is one; it must not stop a child either.
        const ofPlugin = { ...places, trace: `${trace}-by-plugin` };
        if (cli === 'codex') await installPlugin((await installCli(cli)).path, ofPlugin);
      },
    });
    await session.until(({ lastIteration }) => lastIteration !== undefined);
    const [ended] = await session.eventsOf('iteration_ended');
    expect(ended).toMatchObject({ ending: 'signalled' });
    for (const path of [trace, `${trace}-by-plugin`])
      expect(await ifExists(stat(path)), path).toBeUndefined();

    const newMeter = METERS[cli];
    if (!newMeter) return;
    const logs = join(session.paths.sessionDir, '_logs');
    const [first = ''] = (await readdir(logs)).filter((name) => name.endsWith('.jsonl')).sort();
    const [, cliSession = ''] =
      /"(?:session_id|thread_id)":"([^"]+)"/.exec(await readFile(join(logs, first), 'utf8')) ?? [];
    const { tokens } = await newMeter({ cliSession, env: { HOME: session.homeDir } })();
    expect(tokens?.input, 'the log').toBeGreaterThan(0);
    expect(ended?.cost, 'the log').toMatchObject({
      inputTokens: tokens?.input,
      outputTokens: tokens?.output,
      cachedTokens: tokens?.cached,
    });
  },
);

/** A plugin whose server leaves a trace when started, by Codex's own commands. */
async function installPlugin(codex: string, { homeDir, trace }: Record<'homeDir' | 'trace', string>) {
  const market = join(homeDir, 'market');
  const files = {
    '.agents/plugins/marketplace.json': {
      name: 'market',
      plugins: [{ name: 'traced', source: { source: 'local', path: './plugins/traced' } }],
    },
    'plugins/traced/.codex-plugin/plugin.json': {
      name: 'traced',
      version: '1.0.0',
      description: 'Leaves a trace',
      mcpServers: './.mcp.json',
    },
    'plugins/traced/.mcp.json': { mcpServers: { samocode: { command: 'touch', args: [trace] } } },
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(market, name)), { recursive: true });
    await writeFile(join(market, name), JSON.stringify(content));
  }
  const run = async (...args: string[]) => {
    const env = { PATH: process.env.PATH ?? '', HOME: homeDir };
    const { exitCode, stdout, stderr } = await runCommand(codex, args, { cwd: homeDir, env });
    expect(exitCode, stderr).toBe(0);
    return stdout;
  };
  await run('plugin', 'marketplace', 'add', market);
  await run('plugin', 'add', 'traced@market');
  expect(await run('mcp', 'list', '--json')).toContain(trace);
}

// Gemini CLI takes them from a file that it refuses below a folder which everybody may write, as tests use.
test.concurrent('the servers of the MCP file of the project are started by a claude child', async ({
  expect,
}) => {
  let trace = '';
  await using session = await startCliSession({
    cli: 'claude',
    before: async ({ homeDir, mainRepo }) => {
      trace = join(homeDir, 'server-was-started');
      const servers = { traced: { command: 'touch', args: [trace] } };
      await writeFile(join(mainRepo, 'agents.mcp.json'), JSON.stringify({ mcpServers: servers }));
      await appendFile(join(mainRepo, '.samocode'), 'MCP=agents.mcp.json\n');
    },
  });
  await session.until(({ lastIteration }) => lastIteration !== undefined);
  expect((await session.eventsOf('iteration_ended'))[0]).toMatchObject({ ending: 'signalled' });
  expect(await ifExists(stat(trace))).toBeDefined();
});

test.concurrent("the servers of the MCP file of the project are started by a codex child, with their own variables and headers, also one that has the name of one of the person's", async ({
  expect,
}) => {
  let trace = '';
  const heard = new Set<string | undefined>();
  await using web = await startServer(({ headers }, response) => {
    heard.add(headers.authorization);
    response.writeHead(404).end();
  });
  await using session = await startCliSession({
    cli: 'codex',
    env: { WORD_OF_THE_PERSON: 'found' },
    before: async ({ homeDir, mainRepo }) => {
      trace = join(homeDir, 'server-was-started');
      const table = '\n[mcp_servers.traced]\nurl = "http://127.0.0.1:9/"\n';
      await appendFile(join(homeDir, '.codex/config.toml'), table);
      const env = { WORD: `\${WORD_OF_THE_PERSON}, then \${WORD_OF_NOBODY:-nothing}` };
      const args = ['-c', `printf %s "$WORD" > '${trace}'`];
      const servers = {
        traced: { type: 'stdio', command: 'sh', args, env },
        web: {
          type: 'http',
          url: `${web.url}/mcp`,
          headers: { Authorization: `Bearer \${WORD_OF_THE_PERSON}` },
        },
      };
      await writeFile(join(mainRepo, 'agents.mcp.json'), JSON.stringify({ mcpServers: servers }));
      await appendFile(join(mainRepo, '.samocode'), 'MCP=agents.mcp.json\n');
    },
  });
  await session.until(({ lastIteration }) => lastIteration !== undefined);
  expect((await session.eventsOf('iteration_ended'))[0]).toMatchObject({ ending: 'signalled' });
  expect(await readFile(trace, 'utf8')).toBe('found, then nothing');
  expect([...heard]).toContain('Bearer found');
});
