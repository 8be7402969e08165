import * as z from 'zod';
import { parseJson } from '../../kernel/parse-json.ts';
import { runCommand } from '../../kernel/processes/run-command.ts';
import { expandVariables, type McpServer, mapValues } from '../contract/mcp-file.ts';
import { ACCEPTED_STARTS_WITHIN_MS, type AgentRequest } from '../contract/provider.ts';

/** Servers for a Codex agent: a table of settings, and the environment variables it refers to. */
export interface CodexServers {
  /** `mcp_servers`, by name; empty: nothing to set. */
  table: Readonly<Record<string, object>>;
  env: Readonly<Record<string, string>>;
}

/**
 * Codex merges tables of settings, so the user's servers must be disabled one by one, and the project's must not share
 * their names. Arguments of a process are visible to everyone: possible secrets are passed in the environment.
 */
export function codexServers({ foreignServers = [], mcp, env }: AgentRequest): CodexServers {
  const hidden = new Hidden();
  const table: Record<string, object> = {};
  for (const name of foreignServers) table[name] = { enabled: false };
  for (const [name, server] of Object.entries(mcp?.servers ?? {})) {
    const settings = settingsOf(expandVariables(server, env), hidden);
    if (settings === undefined) continue;
    const patience = Object.hasOwn(mcp?.accepted ?? {}, name) ? PATIENT : {};
    table[freeName(name, table)] = { ...settings, ...patience, enabled: true };
  }
  return { table, env: hidden.env };
}

const PATIENT = { startup_timeout_sec: ACCEPTED_STARTS_WITHIN_MS / 1000 };

/** Tool names contain the server's name, so only the characters allowed there are kept. */
function freeName(name: string, taken: object): string {
  let free = name.replaceAll(/[^\w-]/g, '_');
  while (Object.hasOwn(taken, free)) free = `project-${free}`;
  return free;
}

/** Values passed in the environment under our own names. */
class Hidden {
  readonly env: Record<string, string> = {};

  /** @returns the name of the variable; Codex can hide variables with SECRET in their name from shells */
  put(value: string): string {
    const name = `MCP_SECRET_${Object.keys(this.env).length + 1}`;
    this.env[name] = value;
    return name;
  }
}

/** Undefined for a server without command and URL: Codex would refuse to start. */
function settingsOf({ type, command, args, env, url, headers }: McpServer, hidden: Hidden) {
  const isRemote = type === 'http' || type === 'sse' || command === undefined;
  if (!isRemote) return { command, args, ...withVariables({ command, args, env }, hidden) };
  if (url === undefined) return undefined;
  const env_http_headers = headers && mapValues(headers, (value) => hidden.put(value));
  return { url, env_http_headers };
}

/**
 * Codex passes variables on only under their own names, which can mean something to Codex itself or something
 * else to another server, so a shell renames them.
 */
function withVariables(
  { command, args = [], env = {} }: { command: string } & Pick<McpServer, 'args' | 'env'>,
  hidden: Hidden,
) {
  const names = Object.keys(env).filter((name) => VARIABLE.test(name));
  if (names.length === 0) return {};
  const aliases = names.map((name) => [name, hidden.put(env[name] ?? '')] as const);
  const renamed = aliases.map(([name, alias]) => `export ${name}="$${alias}"; unset ${alias}; `);
  return {
    command: '/bin/sh',
    args: ['-c', `${renamed.join('')}exec "$0" "$@"`, command, ...args],
    env_vars: aliases.map(([, alias]) => alias),
  };
}

/** A name a shell can assign. */
const VARIABLE = /^[A-Za-z_]\w*$/;

/** Disables plugins and apps, which add servers. */
export const NO_EXTRAS = ['-c', 'features.plugins=false', '-c', 'features.apps=false'];

export const NO_HELPERS = ['-c', 'agents.enabled=false'];

const ServerList = z.array(z.object({ name: z.string() }));
const LIST_LIMIT_MS = 20_000;

/** The answer of Codex before 0.145, which reads every key of `agents` as a role. */
const NO_SWITCH = /expected struct AgentRoleToml/;

/**
 * The user's servers; undefined if Codex does not answer, and then all its settings must be ignored. Asked
 * with the agent's options: a plugin's server can't be disabled without its plugin.
 */
export async function askForServers(
  request: AgentRequest,
): Promise<Pick<AgentRequest, 'foreignServers' | 'lacksHelperSwitch'>> {
  const { stdout, stderr } = await listServers(request, [...NO_EXTRAS, ...NO_HELPERS]);
  const lacksHelperSwitch = NO_SWITCH.test(stderr);
  const list = lacksHelperSwitch ? (await listServers(request, NO_EXTRAS)).stdout : stdout;
  const foreignServers = ServerList.safeParse(parseJson(list)).data?.map(({ name }) => name);
  return { ...(foreignServers && { foreignServers }), ...(lacksHelperSwitch && { lacksHelperSwitch }) };
}

async function listServers({ cliPath, workingDir, env, inside }: AgentRequest, options: readonly string[]) {
  const asked = [cliPath, 'mcp', 'list', '--json', ...options] as const;
  // In the guard, because an agent might have written the program or its files.
  const [file, ...args] = inside?.(asked) ?? asked;
  return await runCommand(file, args, { cwd: workingDir, env: { ...env }, timeoutMs: LIST_LIMIT_MS });
}
