import { readMcpServers } from '../../providers/contract/mcp-file.ts';
import type { ChildServers } from '../../providers/contract/provider.ts';
import { programOnPath } from '../../providers/starting/locate-cli.ts';
import { acceptedServers } from '../../session/events/accepted.ts';
import { commandOf } from '../../session/servers/plan-servers.ts';
import { stateOf, type Worker } from '../core/worker.ts';

const CHROMIUMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * The MCP servers of a child: those of the project's MCP file, and those that were accepted with the plan, as the event
 * log has them, whatever the plan says by now. A name that both have is the project's.
 */
export async function childServers(
  worker: Pick<Worker, 'file' | 'writer' | 'paths' | 'env'>,
  { inGuard }: { inGuard: boolean },
): Promise<ChildServers | undefined> {
  const { mcpPath: configPath } = worker.file.settings;
  const own = configPath === undefined ? {} : await readMcpServers(configPath);
  const proposed = acceptedServers(stateOf(worker)).filter(({ name }) => !Object.hasOwn(own, name));
  if (proposed.length === 0)
    return configPath === undefined ? undefined : { configPath, serverNames: Object.keys(own), servers: own };
  const place = {
    sessionDir: worker.paths.sessionDir,
    chromium: await programOnPath(CHROMIUMS, worker.env),
    isConfined: inGuard || process.getuid?.() === 0,
  };
  const accepted = Object.fromEntries(
    proposed.map((server) => {
      const [command = '', ...args] = commandOf(server, place);
      return [server.name, { command, args }];
    }),
  );
  const servers = { ...own, ...accepted };
  return { ...(configPath && { configPath }), accepted, serverNames: Object.keys(servers), servers };
}
