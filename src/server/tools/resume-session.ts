import * as z from 'zod';
import { defineTool } from '../define-tool.ts';
import { ProjectDir, SessionName } from '../fields.ts';
import { sessionFields } from '../session-fields.ts';

const Limit = z.number().nonnegative();

export const resumeSessionTool = defineTool({
  name: 'resume_session',
  title: 'Let a session go on',
  description: [
    'Let a coding session go on that is stopped, blocked, limited, or waits for a human act or a file.',
    'Use when the human has settled what it needed; note tells the next agent. A done one goes on with a new goal.',
    'It opens no gate: questions need answer_qa, a plan approve_plan. Then wait.',
  ].join('\n'),
  input: z.strictObject({
    session: SessionName,
    note: z.string().optional().describe('For the next agent: what was decided or done.'),
    goal: z.string().optional().describe('New work in the same session, once it is done.'),
    caps: z
      .strictObject({ usd: Limit, tokens: Limit, hours: Limit, iterations: Limit })
      .partial()
      .optional()
      .describe(
        'Higher limits for the whole session, when it is blocked for its budget and the human agrees.',
      ),
    project_dir: ProjectDir,
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  searchHint: 'continue, unblock',
  async handle({ session, note, goal, caps, project_dir: projectDir }, { actions }) {
    const { resumeSession } = await import('../../actions/resume-session.ts');
    const { view, outcome } = await resumeSession({ session, note, goal, caps, projectDir }, actions);
    return { ...sessionFields(view), outcome };
  },
});
