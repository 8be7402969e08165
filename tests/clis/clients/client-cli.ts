import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandResult, runCommand } from '../../../src/base/processes/run-command.ts';
import { installCli } from '../../support/install-clis.ts';
import type { Script } from '../../support/model-stub/moves.ts';
import { PARENT_PROMPT, type ParentModel, startParentModel } from '../../support/model-stub/parent-model.ts';
import type { ModelOf } from '../../support/model-stub/services.ts';

export interface ClientPlan {
  cli: ModelOf;
  /** The built server. */
  server: string;
  /** What the model behind the client calls. */
  script: () => Script;
  homeDir: string;
  cwd: string;
  /** Tools of Claude Code itself that are allowed too, and folders beside `cwd` that they reach. */
  tools?: readonly string[];
  folders?: readonly string[];
  /** What the person types; it holds the mark of a parent's conversation. */
  typed?: string;
}

export interface ClientRun extends CommandResult, Pick<ParentModel, 'turns'> {}

const LIMIT_MS = 120_000;

/**
 * Runs a real CLI to its end as our client, headless, with every tool of ours allowed beforehand: nobody
 * but a test should do that.
 */
export async function runClient(plan: ClientPlan): Promise<ClientRun> {
  const { cli, server, script, homeDir, cwd, typed = PARENT_PROMPT, tools = [], folders = [] } = plan;
  const [{ path }, model] = await Promise.all([installCli(cli), startParentModel(cli, script)]);
  try {
    await model.furnish(homeDir);
    const env = {
      PATH: process.env.PATH ?? '',
      LANG: 'C.UTF-8',
      TERM: 'xterm',
      ...model.environmentFor(homeDir),
    };
    const args = await CONNECT[cli]({ server, homeDir, typed, tools, folders });
    const ran = await runCommand(path, args, { cwd, env, timeoutMs: LIMIT_MS });
    return { ...ran, turns: model.turns };
  } finally {
    await model.close();
  }
}

interface Place {
  server: string;
  homeDir: string;
  typed: string;
  tools: readonly string[];
  folders: readonly string[];
}

// The rehearsed agents need no pace of their own here, and nothing is left to be watched.
const SERVER_ENV = { SAMOCODE_REHEARSAL_PACE_MS: '0', SAMOCODE_SUPERVISOR: 'off' };

/** Tells each CLI of the server, as its own settings do. @returns its arguments */
const CONNECT: Readonly<Record<ModelOf, (place: Place) => Promise<string[]>>> = {
  async claude({ server, typed, tools, folders }) {
    const samocode = { type: 'stdio', command: process.execPath, args: [server], env: SERVER_ENV };
    const config = JSON.stringify({ mcpServers: { samocode } });
    const reached = folders.flatMap((folder) => ['--add-dir', folder]);
    const allowed = ['--allowedTools', ['mcp__samocode__*', ...tools].join(','), ...reached];
    return ['-p', typed, '--mcp-config', config, '--strict-mcp-config', ...allowed];
  },
  async codex({ server, homeDir, typed }) {
    const path = join(homeDir, '.codex/config.toml');
    const table = [
      '[mcp_servers.samocode]',
      `command = ${JSON.stringify(process.execPath)}`,
      `args = [${JSON.stringify(server)}]`,
      'default_tools_approval_mode = "approve"',
      // Otherwise Codex begins its turn without the tools of a server that a busy machine starts too slowly.
      'required = true',
      'startup_timeout_sec = 90',
      '[mcp_servers.samocode.env]',
      ...Object.entries(SERVER_ENV).map(([name, value]) => `${name} = "${value}"`),
    ];
    await writeFile(path, `${await readFile(path, 'utf8')}\n${table.join('\n')}\n`);
    return ['exec', typed];
  },
  async gemini({ server, homeDir, typed }) {
    const path = join(homeDir, '.gemini/settings.json');
    const samocode = { command: process.execPath, args: [server], env: SERVER_ENV, trust: true };
    const settings = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...settings, mcpServers: { samocode } }));
    return ['-p', typed, '--approval-mode', 'yolo', '--skip-trust', '-m', 'gemini-2.5-pro'];
  },
};
