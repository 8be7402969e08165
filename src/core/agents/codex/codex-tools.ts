import type { ToolTable } from '../contract/provider.ts';

/** Before 0.145, `multi_agent` closed the helpers that `agents.enabled` closes since. */
export const CLOSING_TOOLS = ['multi_agent', 'goals', 'sleep_tool'].flatMap((name) => [
  '-c',
  `features.${name}=false`,
]);

const HELPERS =
  'What helpers spend is in no report of Codex, so no limit would count it; the prompt has an agent work alone.';
const GOAL = 'The goal of an iteration is its prompt, and the session decides whether another one follows.';
const ALONE =
  'Speaks to a person who is not there. It is refused or accepted at once, so an agent never waits for a reply.';

/** All names in one list, whether the model calls them itself or by a script in `exec`. */
const OFFERED = [
  ...[
    'apply_patch',
    'exec',
    'exec_command',
    'update_plan',
    'view_image',
    'wait',
    'web_search',
    'write_stdin',
  ],
  // Since its newest models, Codex offers what servers have by these.
  ...['list_mcp_resource_templates', 'list_mcp_resources', 'read_mcp_resource', 'tool_search'],
  'clock__curr_time',
] as const;

/** Its sandbox, not a list of tools, keeps agents of document phases from changing code. */
export const CODEX_TOOLS = {
  offered: { documents: OFFERED, work: OFFERED },
  closed: {
    'clock.sleep': 'Sleeps for up to twelve hours, at the cost of the time limit; a command may wait.',
    'collaboration.followup_task': HELPERS,
    'collaboration.interrupt_agent': HELPERS,
    'collaboration.list_agents': HELPERS,
    'collaboration.send_message': HELPERS,
    'collaboration.spawn_agent': HELPERS,
    'collaboration.wait_agent': HELPERS,
    close_agent: HELPERS,
    create_goal: GOAL,
    get_goal: GOAL,
    resume_agent: HELPERS,
    send_input: HELPERS,
    spawn_agent: HELPERS,
    update_goal: GOAL,
    wait_agent: HELPERS,
  },
  unclosable: {
    request_user_input: ALONE,
    request_user_input_async: ALONE,
    send_message_to_user_async: ALONE,
  },
} as const satisfies ToolTable;
