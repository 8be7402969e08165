import * as z from 'zod';
import { parseJson } from '../../base/parse-json.ts';
import { runCommand } from '../../base/processes/run-command.ts';
import { expandVariables, type McpServer, mapValues } from '../contract/mcp-file.ts';
import { ACCEPTED_STARTS_WITHIN_MS, type ChildRequest } from '../contract/provider.ts';

/** How servers are handed to a Codex child: a table of settings, and what it names of the environment. */
export interface CodexServers {
  /** `mcp_servers`, by name; empty: nothing to set. */
  table: Readonly<Record<string, object>>;
  env: Readonly<Record<string, string>>;
}

/**
 * Tables of settings are merged, so the person's servers can't be emptied at once: each is switched off by
 * its name, and none of the project's may share one. Everybody reads the arguments of a process: what may be
 * secret in a server's settings goes by the environment.
 */
export function codexServers({ foreignServers = [], mcp, env }: ChildRequest): CodexServers {
  const hidden = new Hidden();
  const table: Record<string, object> = {};
  for (const name of foreignServers) table[name] = { enabled: false };
  for (const [name, told] of Object.entries(mcp?.servers ?? {})) {
    const settings = settingsOf(expandVariables(told, env), hidden);
    if (settings === undefined) continue;
    const patience = Object.hasOwn(mcp?.accepted ?? {}, name) ? PATIENT : {};
    table[freeName(name, table)] = { ...settings, ...patience, enabled: true };
  }
  return { table, env: hidden.env };
}

const PATIENT = { startup_timeout_sec: ACCEPTED_STARTS_WITHIN_MS / 1000 };

/** Its tools are called by it, so it can hold nothing that no name of a tool may. */
function freeName(name: string, taken: object): string {
  let free = name.replaceAll(/[^\w-]/g, '_');
  while (Object.hasOwn(taken, free)) free = `project-${free}`;
  return free;
}

/** Values that the environment carries under names of our own. */
class Hidden {
  readonly env: Record<string, string> = {};

  /** @returns the name of the variable. Codex keeps those with SECRET in their name from shells if it keeps any */
  put(value: string): string {
    const name = `MCP_SECRET_${Object.keys(this.env).length + 1}`;
    this.env[name] = value;
    return name;
  }
}

/** Undefined for a server that says neither what to start nor where it is: Codex would not even begin. */
function settingsOf({ type, command, args, env, url, headers }: McpServer, hidden: Hidden) {
  const isRemote = type === 'http' || type === 'sse' || command === undefined;
  if (!isRemote) return { command, args, ...withVariables({ command, args, env }, hidden) };
  if (url === undefined) return undefined;
  const env_http_headers = headers && mapValues(headers, (value) => hidden.put(value));
  return { url, env_http_headers };
}

/**
 * Codex hands variables on under their own names only, and such a name may mean something to Codex itself or
 * have another value for another server: a shell renames them.
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

/** What a shell can set. */
const VARIABLE = /^[A-Za-z_]\w*$/;

/** Plugins and apps bring servers of their own. */
export const NO_EXTRAS = ['-c', 'features.plugins=false', '-c', 'features.apps=false'];

const ServerList = z.array(z.object({ name: z.string() }));
const LIST_LIMIT_MS = 20_000;

/**
 * Undefined when Codex does not say: then its settings must be left out whole. Asked as the child will run:
 * a plugin's server that is gone with its plugin can't be switched off any more.
 */
export async function serversOfPerson({
  cliPath,
  workingDir,
  env,
  inside,
}: ChildRequest): Promise<string[] | undefined> {
  const asked = [cliPath, 'mcp', 'list', '--json', ...NO_EXTRAS] as const;
  // An agent may have written the program or what it reads.
  const [file, ...args] = inside?.(asked) ?? asked;
  const options = { cwd: workingDir, env: { ...env }, timeoutMs: LIST_LIMIT_MS };
  const { stdout } = await runCommand(file, args, options);
  return ServerList.safeParse(parseJson(stdout)).data?.map(({ name }) => name);
}
