import type { ChildServers, ToolTable } from '../../core/agents/contract/provider.ts';

const HELPERS = 'Starts or reaches helpers; the prompt has an agent work alone.';

/** What a phase may do with a tool is decided when the agent asks, not by these lists. */
function inAllPhases<const Name extends string>(...names: readonly Name[]) {
  return { documents: names, work: names };
}

export const OPENCODE_TOOLS = {
  offered: inAllPhases(
    ...(['apply_patch', 'bash', 'edit', 'glob', 'grep', 'read'] as const),
    ...(['skill', 'todowrite', 'webfetch', 'websearch', 'write'] as const),
  ),
  closed: {
    question: 'Waits for a person, who is not there.',
    task: HELPERS,
  },
} as const satisfies ToolTable;

export const COPILOT_TOOLS = {
  offered: inAllPhases(
    ...(['apply_patch', 'create', 'edit', 'glob', 'grep', 'rg', 'view', 'web_fetch'] as const),
    // A command that takes long is read in parts.
    ...(['bash', 'list_bash', 'read_bash', 'stop_bash'] as const),
  ),
  closed: {
    list_agents: HELPERS,
    read_agent: HELPERS,
    semantic_code_search: "Searches repositories of GitHub with the user's login.",
    sql: "Reads the history of all the user's chats.",
    task: HELPERS,
    write_agent: HELPERS,
  },
} as const satisfies ToolTable;

/** The names of a server's tools begin with that of the server. */
export function openCodeTools(mcp: ChildServers | undefined): Record<string, boolean> {
  const servers = (mcp?.serverNames ?? []).map((name) => `${name.replaceAll(/[^\w-]/g, '_')}_*`);
  const names = [...OPENCODE_TOOLS.offered.work, ...servers];
  return { '*': false, ...Object.fromEntries(names.map((name) => [name, true])) };
}

export function copilotTools(mcp: ChildServers | undefined): string {
  const servers = (mcp?.serverNames ?? []).map((name) => `${name}/*`);
  return `--available-tools=${[...COPILOT_TOOLS.offered.work, ...servers].join(',')}`;
}
