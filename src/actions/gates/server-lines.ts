import { readMcpServers } from '../../providers/contract/mcp-file.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { planServers } from '../../session/servers/plan-servers.ts';
import { serverWords } from '../../session/servers/ready-servers.ts';

/** The MCP servers that a plan proposes, in lines for whoever decides on it. */
export async function serverLines({ sessionFile }: SessionView, plan: string): Promise<string[]> {
  const { servers, problems } = planServers(plan);
  if (problems.length > 0) return [`The MCP servers of this plan cannot be read: ${problems.join(' ')}`];
  const mcpPath = sessionFile?.settings.mcpPath;
  if (servers.length === 0 || mcpPath === undefined) return serverWords(servers);
  return serverWords(servers, Object.keys(await readMcpServers(mcpPath)));
}
