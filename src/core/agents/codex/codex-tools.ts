import type { ToolTable } from '../contract/provider.ts';

export const CLOSING_TOOLS = ['-c', 'features.goals=false', '-c', 'features.sleep_tool=false'] as const;

const HELPERS =
  'Starts or reaches helpers, whose tokens no report of a turn contains; the prompt has an agent work alone.';
const GOAL = 'The goal of an iteration is its prompt, and the session decides whether another one follows.';
const ALONE =
  'Speaks to a person who is not there. It is refused or accepted at once, so an agent never waits for a reply.';

/** Those that the model calls itself, and those that its scripts in `exec` call. */
const OFFERED = [
  ...(['apply_patch', 'clock__curr_time', 'exec', 'exec_command', 'view_image', 'wait'] as const),
  ...(['web_search', 'write_stdin'] as const),
  // What servers have.
  ...(['list_mcp_resource_templates', 'list_mcp_resources', 'read_mcp_resource', 'tool_search'] as const),
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
    create_goal: GOAL,
    get_goal: GOAL,
    update_goal: GOAL,
  },
  unclosable: {
    request_user_input: ALONE,
    request_user_input_async: ALONE,
    send_message_to_user_async: ALONE,
  },
} as const satisfies ToolTable;
