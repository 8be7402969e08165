import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandResult, runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { installCli } from '../../../support/install-clis.ts';
import { codexServer } from '../../../support/model-stub/codex-server.ts';
import type { Script } from '../../../support/model-stub/moves.ts';
import {
  PARENT_PROMPT,
  type ParentModel,
  startParentModel,
} from '../../../support/model-stub/parent-model.ts';
import type { HeadlessCli } from '../../../support/model-stub/services.ts';

export interface ClientPlan {
  cli: HeadlessCli;
  /** The built server. */
  server: string;
  /** The calls of the model behind the client. */
  script: () => Script;
  homeDir: string;
  cwd: string;
  /** Further allowed tools of Claude Code itself, and folders besides `cwd` that they may use. */
  tools?: readonly string[];
  folders?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** The text that the person types; it contains the marker of a parent's conversation. */
  typed?: string;
}

export interface ClientRun extends CommandResult, Pick<ParentModel, 'turns'> {}

const LIMIT_MS = 600_000;

/**
 * Runs a real CLI headless to its end as a client of samocode, with every samocode tool allowed beforehand, which only
 * a test should do.
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
      ...plan.env,
    };
    const args = await CONNECT[cli]({ server, homeDir, typed, tools, folders });
    const ran = await runCommand(path, args, { cwd, env, timeoutMs: LIMIT_MS });
    return { ...ran, turns: model.turns };
  } finally {
    await model.close();
  }
}

interface Place {
  homeDir: string;
  typed: string;
  tools: readonly string[];
  folders: readonly string[];
}

// The rehearsal agents need no delays here, since nobody watches them.
const SERVER_ENV = { SAMOCODE_REHEARSAL_PACE_MS: '0', SAMOCODE_SUPERVISOR: 'off', KEEP_AWAKE: 'no' };

/** Adds the server to the settings of each CLI. @returns its arguments */
const CONNECT: Readonly<Record<HeadlessCli, (place: Place & { server: string }) => Promise<string[]>>> = {
  async claude({ server, typed, tools, folders }) {
    const samocode = { type: 'stdio', command: process.execPath, args: [server], env: SERVER_ENV };
    const config = JSON.stringify({ mcpServers: { samocode } });
    const reached = folders.flatMap((folder) => ['--add-dir', folder]);
    const allowed = ['--allowedTools', ['mcp__samocode__*', ...tools].join(','), ...reached];
    return ['-p', typed, '--mcp-config', config, '--strict-mcp-config', ...allowed];
  },
  async codex({ server, homeDir, typed }) {
    const path = join(homeDir, '.codex/config.toml');
    const table = codexServer(server, SERVER_ENV);
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
