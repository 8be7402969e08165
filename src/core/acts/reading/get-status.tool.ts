import * as z from 'zod';
import type { ActionContext } from '../../caller/context/context.ts';
import { sessionFacts } from '../../caller/facts/session-facts.ts';
import { defineTool } from '../../faces/mcp/define-tool.ts';
import { ProjectDir, resultWith, SESSION_FIELDS, SessionName, WORK_FIELDS } from '../../faces/mcp/fields.ts';
import { fieldsOf } from '../../faces/mcp/session-fields.ts';
import type { ToolResult } from '../../faces/mcp/tool.ts';
import { needsHuman } from '../../session/folder/session-list.ts';
import type { GroupQuestion } from './list-sessions.act.ts';

const STATUS = {
  ...SESSION_FIELDS,
  ...WORK_FIELDS,
  since: z.string().optional().describe('When this state began, UTC.'),
  branch: z.string().optional().describe('The branch that it works on.'),
  worktree: z.string().optional().describe('The folder that it works in.'),
  sandbox: z.string().optional().describe('The sandbox of its agents.'),
  checks: z.string().optional().describe('What its checks do not show.'),
  commits_as: z.string().optional().describe('The commit author, if the environment set one.'),
  gates: z.string().optional().describe('Who opened its gates.'),
  spent: z.string().optional().describe('What it has cost so far.'),
  messages: z.string().optional().describe('Guidance of the user that no agent has confirmed yet.'),
};

export const getStatusTool = defineTool({
  name: 'get_status',
  title: 'Get session status',
  description: [
    'Show what a coding session is doing: state, phase, iteration, what it waits for, branch and worktree.',
    'Use when the user asks about progress; to follow a session, wait costs less.',
  ].join('\n'),
  input: z
    .strictObject({
      session: SessionName.optional(),
      group: z.string().optional().describe('Instead: a group.'),
      project_dir: ProjectDir,
    })
    .refine(({ session, group }) => (session === undefined) !== (group === undefined), {
      error: 'Send session, one name from list_sessions, or group',
    }),
  output: resultWith(STATUS),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ session, group, projectDir }, { actions }) {
    if (session === undefined) return await aboutGroup({ group: group ?? '', projectDir }, actions);
    const { getStatus } = await import('../../caller/facts/get-status.ts');
    const report = await getStatus({ session, projectDir }, actions);
    return fieldsOf(sessionFacts(report.view, report), STATUS);
  },
});

/** Reports the progress of a group, and the next step for each session that needs the user. */
async function aboutGroup(question: GroupQuestion, actions: ActionContext): Promise<ToolResult> {
  const { readGroup } = await import('./list-sessions.act.ts');
  const { sessions, groupSays } = await readGroup(question, actions);
  const needing = sessions.filter(needsHuman).slice(0, MAX_NEXT);
  const reads = needing.map(({ folder }) => ({ act: 'read_status', args: { session: folder } }) as const);
  return { summary: groupSays.join(' '), next: reads.length > 0 ? reads : [{ act: 'list' }] };
}

const MAX_NEXT = 3;
