import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { parseJson } from '../../kernel/parse-json.ts';

const strings = z.record(z.string(), z.string());

/** One server of an MCP file: the fields that every CLI understands. */
const McpServer = z.object({
  type: z
    .enum(['stdio', 'sse', 'http', 'streamable-http'])
    .transform((type) => (type === 'streamable-http' ? 'http' : type))
    .optional()
    .catch(undefined),
  command: z.string().optional(),
  args: z.array(z.string()).optional(),
  env: strings.optional(),
  url: z.string().optional(),
  headers: strings.optional(),
});
export type McpServer = z.infer<typeof McpServer>;

const McpFile = z.object({ mcpServers: z.record(z.string(), McpServer) });
export type McpServers = z.infer<typeof McpFile>['mcpServers'];

/** The servers of an MCP file, for CLIs that can't read it; none if unreadable. Variables stay unexpanded. */
export async function readMcpServers(path: string): Promise<McpServers> {
  // The file was checked when the session started; an agent without servers can still work.
  const text = await readFile(path, 'utf8').catch(() => '');
  return McpFile.safeParse(parseJson(text)).data?.mcpServers ?? {};
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `${NAME}` and `${NAME:-default}` as in Claude Code: unset variables without a default stay. */
export function expandVariables(server: McpServer, env: Environment): McpServer {
  const expand = (text: string) =>
    text.replace(VARIABLE, (whole, name: string, otherwise?: string) => env[name] ?? otherwise ?? whole);
  const { command, args, env: own, url, headers } = server;
  return {
    ...server,
    ...(command !== undefined && { command: expand(command) }),
    ...(args && { args: args.map(expand) }),
    ...(own && { env: mapValues(own, expand) }),
    ...(url !== undefined && { url: expand(url) }),
    ...(headers && { headers: mapValues(headers, expand) }),
  };
}

export function mapValues(
  record: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

const VARIABLE = /\$\{(\w+)(?::-([^}]*))?\}/g;
