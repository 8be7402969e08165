import { furtherLines } from '../../core/acts/set-up/further-lines.ts';
import { furtherChecks } from '../../core/caller/refusals/check.ts';
import { mcpOverHttp } from '../../core/faces/http-sessions.ts';
import { chatPages } from '../../core/faces/mcp/chat-page.ts';
import { chatTasks } from '../../core/faces/mcp/chat-tasks.ts';
import { APPLICATION_CHECKS } from '../../extensions/application/doctor-checks.ts';
import { APPLICATION_LINES } from '../../extensions/application/further-lines.ts';
import { NOTIFY_CHECKS } from '../../extensions/notify/doctor-checks.ts';
import { CHAT_PAGES } from '../../extensions/pages/card/announce.ts';
import { POOL_CHECKS } from '../../extensions/pool/shown/doctor-checks.ts';
import { CHAT_TASKS } from '../../extensions/tasks/announce.ts';

/** For the programs that a parent uses: the MCP server and the terminal. */
export function useForParents(): void {
  furtherChecks.handOver([...NOTIFY_CHECKS, ...POOL_CHECKS, ...APPLICATION_CHECKS]);
  furtherLines.handOver([...APPLICATION_LINES]);
  chatPages.handOver([...CHAT_PAGES]);
  chatTasks.handOver([...CHAT_TASKS]);
  mcpOverHttp.handOver([
    async (...given) => (await import('../server/http-sessions.ts')).httpSessions(...given),
  ]);
}
