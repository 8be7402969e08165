import * as z from 'zod';
import { defineTool } from '../define-tool.ts';
import { ProjectDir, SessionName } from '../fields.ts';
import { reportFields } from '../session-fields.ts';

export const getStatusTool = defineTool({
  name: 'get_status',
  title: 'Look at a session',
  description: [
    'Show what one coding session is doing now: state, phase, iteration, what it waits for, branch and worktree.',
    'Use when the user asks how it goes. To follow a session use wait, which costs less.',
    'Returns at once; next says what to do.',
  ].join('\n'),
  input: z.strictObject({ session: SessionName, project_dir: ProjectDir }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  isCore: true,
  async handle({ session, project_dir: projectDir }, { actions }) {
    const { getStatus } = await import('../../actions/get-status.ts');
    const report = await getStatus({ session, projectDir }, actions);
    const { worktree } = report.view.state;
    return {
      ...reportFields(report),
      since: report.view.state.status.since,
      branch: worktree?.branch,
      worktree: worktree?.path,
    };
  },
});
