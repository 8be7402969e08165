import { readFile } from 'node:fs/promises';
import * as z from 'zod';

/** One server of an MCP file, as far as every CLI knows how to start it. */
const McpServer = z.object({
  command: z.string().optional(),
  args: z.array(z.string()).optional(),
  env: z.record(z.string(), z.string()).optional(),
  url: z.string().optional(),
});
const McpFile = z.object({ mcpServers: z.record(z.string(), McpServer) });
export type McpServers = z.infer<typeof McpFile>['mcpServers'];

/** The servers of an MCP file, for CLIs that can't be handed the file itself; none when it can't be read. */
export async function readMcpServers(path: string): Promise<McpServers> {
  try {
    return McpFile.parse(JSON.parse(await readFile(path, 'utf8'))).mcpServers;
  } catch {
    // The file was read and checked when the session began; a child without servers still does its work.
    return {};
  }
}
