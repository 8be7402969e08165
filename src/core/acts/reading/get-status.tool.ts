import * as z from 'zod';
import type { ActionContext } from '../../caller/context/context.ts';
import { defineTool } from '../../faces/mcp/define-tool.ts';
import { OF_SESSION, OF_WORK, ProjectDir, resultWith, SessionName } from '../../faces/mcp/fields.ts';
import { reportFields } from '../../faces/mcp/session-fields.ts';
import type { ToolResult } from '../../faces/mcp/tool.ts';
import { needsHuman } from '../../session/folder/session-list.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { describeAuthor, describeChecks, describeGates, describeSandbox } from '../../session/words/facts.ts';
import type { GroupQuestion } from './list-sessions.act.ts';

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
  output: resultWith({
    ...OF_SESSION,
    ...OF_WORK,
    since: z.string().optional().describe('When this state began, UTC.'),
    branch: z.string().optional().describe('The branch that it works on.'),
    worktree: z.string().optional().describe('The folder that it works in.'),
    sandbox: z.string().optional().describe('The sandbox of its agents.'),
    checks: z.string().optional().describe('What its checks do not show.'),
    commits_as: z.string().optional().describe('The commit author, if the environment set one.'),
    gates: z.string().optional().describe('Who opened its gates.'),
    spent: z.string().optional().describe('What it has cost so far.'),
    messages: z.string().optional().describe('Guidance of the user that no agent has confirmed yet.'),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ session, group, projectDir }, { actions }) {
    if (session === undefined) return await aboutGroup({ group: group ?? '', projectDir }, actions);
    const [{ getStatus }, { spentText }] = await Promise.all([
      import('../../caller/facts/get-status.ts'),
      import('../../caller/facts/spent-text.ts'),
    ]);
    const report = await getStatus({ session, projectDir }, actions);
    const { worktree, messages, archived } = report.view.state;
    return {
      ...reportFields(report),
      since: report.view.state.status.since,
      branch: worktree?.branch,
      // Archiving removed the worktree.
      worktree: archived ? undefined : worktree?.path,
      sandbox: describeSandbox(report.view.state),
      checks: describeChecks(report.view),
      commits_as: describeAuthor(report.view.sessionFile),
      gates: describeGates(report.view.state),
      spent: spentText(report.view),
      messages: messageWords(messages),
    };
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

/** Counts the user's messages that no agent has acknowledged; the session cannot be done before that. */
function messageWords({ waiting, unacknowledged }: SessionView['state']['messages']): string {
  return [
    ...(waiting.length > 0 ? [`${waiting.length} for the next agent`] : []),
    ...(unacknowledged.length > 0 ? [`${unacknowledged.length} given, not yet acknowledged`] : []),
  ].join(', ');
}
