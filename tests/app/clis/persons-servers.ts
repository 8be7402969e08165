import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { providerNamed } from '../../../src/core/agents/registry.ts';
import { ifExists } from '../../../src/core/kernel/errors.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { stateFolderOf } from '../../../src/core/sandbox/cli-state.ts';
import { installCli } from '../../support/install-clis.ts';
import type { HeadlessCli } from '../../support/model-stub/services.ts';
import type { CliSession } from './cli-session.ts';

type Places = Record<'homeDir' | 'mainRepo', string>;

const BY_PLUGIN = '-by-plugin';
const traceIn = (homeDir: string) => join(homeDir, 'server-was-started');

/** Adds a server that leaves a trace when started to every file in which a person may have configured one. */
export async function configureServers(cli: HeadlessCli, { homeDir, mainRepo }: Places): Promise<void> {
  const trace = traceIn(homeDir);
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
      // Like an installation of samocode; it must not stop an agent either.
      await installPlugin(homeDir, `${trace}${BY_PLUGIN}`);
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
  await git('add', '-A', ':!.samocode');
  await git('commit', '-q', '-m', 'Servers of the project');
}

/** The traces that servers have left. */
export async function startedServers({ homeDir }: Pick<CliSession, 'homeDir'>): Promise<string[]> {
  const traces = [traceIn(homeDir), `${traceIn(homeDir)}${BY_PLUGIN}`];
  const found = await Promise.all(traces.map((path) => ifExists(stat(path))));
  return traces.filter((_, index) => found[index]);
}

/** The tokens of the first agent according to the CLI's own log; undefined if the worker reads none. */
export async function tokensInLog(
  cli: HeadlessCli,
  { paths, homeDir }: Pick<CliSession, 'paths' | 'homeDir'>,
) {
  const logs = join(paths.sessionDir, '_logs');
  const [first = ''] = (await readdir(logs)).filter((name) => name.endsWith('.jsonl')).sort();
  const [, cliSession = ''] =
    /"(?:session_id|thread_id)":"([^"]+)"/.exec(await readFile(join(logs, first), 'utf8')) ?? [];
  const folder = stateFolderOf(cli, { dir: homeDir, env: {} }) ?? '';
  const question = { cliSession, folder, final: undefined, now: 0 };
  return (await providerNamed(cli).readTraces?.(question))?.tokens;
}

/** A plugin whose server leaves a trace when started, by Codex's own commands. */
async function installPlugin(homeDir: string, trace: string): Promise<void> {
  const { path: codex } = await installCli('codex');
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
    if (exitCode !== 0) throw new Error(stderr);
    return stdout;
  };
  await run('plugin', 'marketplace', 'add', market);
  await run('plugin', 'add', 'traced@market');
  if (!(await run('mcp', 'list', '--json')).includes(trace))
    throw new Error('Codex has not taken the plugin.');
}
