import * as z from 'zod';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { defineTool } from '../../faces/mcp/define-tool.ts';
import { aboutSession, LimitsArgument, resultWith, SESSION_FIELDS } from '../../faces/mcp/fields.ts';
import { doneFields } from '../../faces/mcp/session-fields.ts';

export const resumeSessionTool = defineTool({
  name: 'resume_session',
  title: 'Continue a session',
  description: [
    'Continue a coding session that is stopped, blocked, limited, or waits for the user or a file.',
    'Use when the user has settled what it needed; note is for the next agent. A finished one continues with a new goal.',
    'It opens no gate: questions need answer_qa, a plan approve_plan. Then wait.',
  ].join('\n'),
  input: aboutSession({
    note: z.string().optional().describe('For the next agent.'),
    goal: z.string().optional().describe('New work for a finished one.'),
    provider: z.string().optional().describe('Switch to it, for every phase.'),
    model: z.string().optional().describe('Switch to this model.'),
    from: z.literal('pull_request').optional().describe('Its reviews and checks.'),
    limits: LimitsArgument.describe('Higher limits for the whole session, when the user agrees.'),
  }),
  output: resultWith({
    ...SESSION_FIELDS,
    outcome: z.enum(['resumed', 'already_running', 'nothing']).optional(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  searchHint: 'unblock, restart',
  async handle({ from, ...input }, { actions }) {
    if (from !== undefined) {
      const { note, goal, provider, model, limits } = input;
      if ([note, goal, provider, model, limits].some((each) => each !== undefined))
        throw ACTION_ERRORS.from_alone();
      const { theExtension } = await import('../../caller/context/in-this-build.ts');
      const forge = theExtension('forge', 'rounds of pull requests');
      const { view, outcome, summary } = await forge.beginRound(input, actions);
      const what = outcome === 'nothing' ? ('nothing' as const) : ('resumed' as const);
      return { ...doneFields({ view, done: summary }), outcome: what };
    }
    const { resumeSession } = await import('./resume-session.act.ts');
    const { outcome, ...resumed } = await resumeSession(input, actions);
    return { ...doneFields(resumed), outcome };
  },
});
