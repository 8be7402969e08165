import type { ToolTable } from '../contract/provider.ts';

export const READING_TOOLS = ['Agent', 'Glob', 'Grep', 'Read', 'WebFetch', 'WebSearch'] as const;

const LATER = 'Works after the agent has ended, which must leave nothing behind.';
const PEERS = "Reaches the user's other chats: a message starts a turn in one of them.";
const PERSON = 'Waits for a person, who is not there.';
const PLACE = 'Leaves the worktree of the session.';
const LIST = 'A list that ends with the agent: the plan and the overview are what the next one reads.';
const BACKGROUND =
  'Belongs to background tasks, which are off: the process might not end after its final message.';

/** The names are those of the option `--tools`, by which Claude Code offers these tools and no others. */
export const CLAUDE_TOOLS = {
  offered: {
    // With a skill, an agent follows the user's and the project's own instructions.
    documents: [...READING_TOOLS, 'Bash', 'Edit', 'Skill', 'Write'],
    work: [...READING_TOOLS, 'Bash', 'Edit', 'NotebookEdit', 'Skill', 'Write'],
  },
  needed: [['Bash'], ['Edit', 'Write']],
  closed: {
    AskUserQuestion: PERSON,
    CronCreate: LATER,
    CronDelete: LATER,
    CronList: LATER,
    DesignSync: "Sends designs to the vendor's service.",
    EnterPlanMode: PERSON,
    EnterWorktree: PLACE,
    ExitPlanMode: PERSON,
    ExitWorktree: PLACE,
    ListAgents: PEERS,
    Monitor:
      'Keeps the process alive after its final message, although background tasks are off; a command may wait by `sleep`.',
    RemoteTrigger: "Starts work on the vendor's machines, outside of every guard and limit.",
    ReportFindings: "Shows findings in the CLI's own interface; a review is a document here.",
    ScheduleWakeup: LATER,
    SendMessage: PEERS,
    TaskCreate: LIST,
    TaskGet: LIST,
    TaskList: LIST,
    TaskOutput: BACKGROUND,
    TaskStop: BACKGROUND,
    TaskUpdate: LIST,
    TodoWrite: LIST,
    ToolSearch: 'Loads tools that are offered by name alone; with a list of tools, all are loaded at once.',
    Workflow: 'Starts many agents by a script, which no limit of the session counts before they have spent.',
  },
} as const satisfies ToolTable;
