import * as z from 'zod';
import { defineTool } from '../../faces/mcp/define-tool.ts';
import { aboutSession, resultWith, SESSION_FIELDS } from '../../faces/mcp/fields.ts';
import { askInForm, byForm, FORMS_REFUSED } from '../../faces/mcp/form.ts';
import { doneFields } from '../../faces/mcp/session-fields.ts';
import type { ToolResult } from '../../faces/mcp/tool.ts';
import { TO_FILL } from '../../kernel/acts.ts';

export const approvePlanTool = defineTool({
  name: 'approve_plan',
  title: 'Approve plan',
  description: [
    'Approve the plan of a waiting coding session; implementation starts at once.',
    'Show the user the plan first. If the client has forms, they decide in one; else call it only once they said yes: it is recorded as approved by you alone.',
    'A plan that changed since is refused. Then wait.',
  ].join('\n'),
  input: aboutSession({
    hash: z.string().min(8).optional().describe('From read_plan. Needed without forms.'),
  }),
  output: resultWith(SESSION_FIELDS),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  async handle({ session, hash, projectDir }, context) {
    const question = { session, projectDir };
    const { askedAboutPlan, carryOut } = await import('./plan-question.ts');
    const asked = await askInForm(context, (by) => askedAboutPlan({ ...question, hash }, by));
    if (asked.kind === 'unanswered') return UNANSWERED;
    if (asked.kind === 'decided') {
      const { decision } = asked;
      if (decision.kind !== 'approve' && decision.kind !== 'changes')
        return decision.kind === 'read' ? READS_FIRST : LATER;
      if (decision.kind === 'changes' && decision.feedback === '') return NO_FEEDBACK;
      // What the user decides in the form is recorded as their own decision.
      return doneFields(await carryOut(decision, question, byForm(context)));
    }
    const { approvePlan } = await import('./approve-plan.act.ts');
    const result = doneFields(await approvePlan({ ...question, hash }, context.actions));
    return asked.isRefused ? { ...result, summary: result.summary + FORMS_REFUSED } : result;
  },
});

const UNANSWERED: ToolResult = {
  summary:
    'The user was asked in a form and did not answer. Nothing is recorded; the plan still waits for approval.',
  next: [{ act: 'decide_plan', when: 'when the user is ready' }],
};
const READS_FIRST: ToolResult = {
  summary: 'The user wants to read the plan first. Nothing is recorded.',
  next: [{ act: 'decide_plan' }],
};
const LATER: ToolResult = {
  summary: 'The user will decide later. Nothing is recorded; the plan still waits for approval.',
  next: [{ act: 'decide_plan', when: 'when they have decided' }],
};
const NO_FEEDBACK: ToolResult = {
  summary: 'The user wants changes to the plan but has not said which. Nothing was sent yet.',
  next: [
    { act: 'request_changes', args: { feedback: TO_FILL }, when: 'once the user has said what to change' },
  ],
};
