import * as z from 'zod';
import { defineTool } from '../../kit/mcp/define-tool.ts';
import { aboutSession, LimitsArgument, OF_SESSION, resultWith } from '../../kit/mcp/fields.ts';
import { sessionFields } from '../../kit/mcp/session-fields.ts';

export const resumeSessionTool = defineTool({
  name: 'resume_session',
  title: 'Continue a session',
  description: [
    'Continue a coding session that is stopped, blocked, limited, or waits for the user or a file.',
    'Use when the user has settled what it needed; note is for the next agent. A finished one continues with a new goal.',
    'It opens no gate: questions need answer_qa, a plan approve_plan. Then wait.',
  ].join('\n'),
  input: aboutSession({
    note: z.string().optional().describe('For the next agent: what was decided or done.'),
    goal: z.string().optional().describe('New work in the same session, once it is done.'),
    provider: z.string().optional().describe('Switch to this provider, for every phase.'),
    model: z.string().optional().describe('Switch to this model.'),
    limits: LimitsArgument.describe('Higher limits for the whole session, when the user agrees.'),
  }),
  output: resultWith({ ...OF_SESSION, outcome: z.enum(['resumed', 'already_running']).optional() }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  searchHint: 'unblock, restart',
  async handle(input, { actions }) {
    const { resumeSession } = await import('./resume-session.act.ts');
    const { view, outcome } = await resumeSession(input, actions);
    return { ...sessionFields(view), outcome };
  },
});
