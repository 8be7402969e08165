import * as z from 'zod';
import { defineTool } from '../calls/define-tool.ts';
import { ProjectDir, SessionName } from '../calls/fields.ts';
import { OF_SESSION, resultWith } from '../calls/result-fields.ts';
import { sessionFields } from '../calls/session-fields.ts';

export const stopSessionTool = defineTool({
  name: 'stop_session',
  title: 'Stop a session',
  description: [
    'Stop a coding session and keep everything it wrote.',
    'Use when the user wants to pause, or before changing files that it is editing.',
    'Not when it is blocked or done: nothing runs then.',
    'The worktree is safe to edit once get_status says stopped. resume_session continues it.',
  ].join('\n'),
  input: z.strictObject({
    session: SessionName,
    when: z
      .enum(['after_iteration', 'now'])
      .default('after_iteration')
      .describe('now: ends the agent in the middle of its work; its edits stay in the worktree.'),
    project_dir: ProjectDir,
  }),
  output: resultWith({
    ...OF_SESSION,
    outcome: z.enum(['stopping', 'stopped', 'not_running']).optional(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  searchHint: 'cancel',
  async handle({ session, when, project_dir: projectDir }, { actions }) {
    const { stopSession } = await import('../../actions/sessions/stop-session.ts');
    const { view, outcome } = await stopSession({ session, when, projectDir }, actions);
    const fields = sessionFields(view);
    return {
      ...fields,
      outcome,
      next: outcome === 'stopping' ? [{ act: 'follow', args: { until: 'done' } }] : fields.next,
    };
  },
});
