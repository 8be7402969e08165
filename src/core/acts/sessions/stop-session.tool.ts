import * as z from 'zod';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { defineTool } from '../../faces/mcp/define-tool.ts';
import { ProjectDir, resultWith, SESSION_FIELDS, SessionName, TEXTS } from '../../faces/mcp/fields.ts';
import { doneFields } from '../../faces/mcp/session-fields.ts';
import type { ToolResult } from '../../faces/mcp/tool.ts';
import type { StopOneResult } from './stop-session.act.ts';

export const stopSessionTool = defineTool({
  name: 'stop_session',
  title: 'Stop a session',
  description: [
    'Stop a coding session and keep everything it wrote.',
    'Use to pause it, or before changing files that it edits; not when it is blocked or done.',
    'The worktree is safe to edit once get_status says stopped. resume_session continues it.',
  ].join('\n'),
  input: z
    .strictObject({
      session: SessionName.optional(),
      group: z.string().optional().describe('Instead: a group, or * for all.'),
      when: z
        .enum(['after_iteration', 'now'])
        .default('after_iteration')
        .describe('now: ends the agent mid-turn; its edits stay.'),
      project_dir: ProjectDir,
    })
    .refine(({ session, group }) => (session === undefined) !== (group === undefined), {
      error: 'Send session, one name from list_sessions, or group',
    }),
  output: resultWith({
    ...SESSION_FIELDS,
    outcome: z.enum(['stopping', 'stopped', 'not_running']).optional(),
    sessions: TEXTS.describe('For a group: the result for each session.'),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  searchHint: 'cancel',
  async handle({ session, group, when, projectDir }, { actions }) {
    const { stopSession, stopSeveral } = await import('./stop-session.act.ts');
    if (session === undefined)
      return aboutGroup(
        await stopSeveral({ group: group === '*' ? undefined : group, when, projectDir }, actions),
      );
    const { outcome, ...stopped } = await stopSession({ session, when, projectDir }, actions);
    const fields = doneFields(stopped);
    return {
      ...fields,
      outcome,
      next: outcome === 'stopping' ? [{ act: 'follow', args: { until: 'done' } }] : fields.next,
    };
  },
});

function aboutGroup(stopped: readonly StopOneResult[]): ToolResult {
  const failures = stopped.flatMap((one) => (one.outcome === 'refused' ? [one.error] : []));
  const pending = failures.filter(ACTION_ERRORS.pending.is).length;
  const refused = failures.length - pending;
  const stopping = stopped.length - failures.length;
  const count = stopping === 1 ? 'One session is' : `${stopping} sessions are`;
  return {
    summary:
      stopped.length === 0
        ? 'None of them is running.'
        : `${count} stopping${pending > 0 ? `; ${pending} not stopped yet` : ''}${refused > 0 ? `; ${refused} refused` : ''}.`,
    pending: pending > 0 || undefined,
    next: [{ act: 'list' }],
    sessions: stopped.map(({ done }) => done),
  };
}
