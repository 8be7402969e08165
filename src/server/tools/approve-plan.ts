import * as z from 'zod';
import type { ActionContext } from '../../actions/acting/context.ts';
import type { SessionQuestion } from '../../actions/places/find-session.ts';
import { TO_FILL } from '../../base/acts.ts';
import { defineTool } from '../calls/define-tool.ts';
import { aboutSession, OF_SESSION, resultWith } from '../calls/fields.ts';
import { byForm } from '../calls/form.ts';
import { sessionFields } from '../calls/session-fields.ts';
import type { ToolContext, ToolResult } from '../calls/tool.ts';

export const approvePlanTool = defineTool({
  name: 'approve_plan',
  title: 'Approve a plan for you',
  description: [
    'Approve the plan of a waiting coding session; implementation starts at once.',
    'Use only after the user has seen the plan and said yes to it. It is recorded as approved through you.',
    'A plan that changed since is refused. Then wait.',
  ].join('\n'),
  input: aboutSession({
    hash: z
      .string()
      .min(8)
      .optional()
      .describe(
        'hash of read_plan: the version that the user has seen. Without: a form asks them, if the client has forms.',
      ),
  }),
  output: resultWith(OF_SESSION),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  async handle({ session, hash, projectDir }, context) {
    const question = { session, projectDir };
    const { askApproval } = await import('../asking/approval-form.ts');
    const filled = hash === undefined ? await askApproval(question, context) : undefined;
    if (filled?.verdict.kind === 'no') return await sentBack(question, filled.verdict.feedback, context);
    if (filled?.verdict.kind === 'later') return LATER;
    const isYes = filled?.verdict.kind === 'yes';
    const by = isYes ? byForm(context.actions) : context.actions;
    const guided = isYes && (await guide(question, filled.verdict.guidance, by));
    const { approvePlan } = await import('../../actions/gates/approve-plan.ts');
    const approved = await approvePlan({ ...question, hash: isYes ? filled.hash : hash }, by);
    const { view, plan, already } = approved;
    const did = already ? 'was already approved' : 'is approved';
    const words = guided ? ' The next agent gets what the user wrote with it.' : '';
    return { ...sessionFields(view), summary: `${plan.name} ${did}.${words}`, next: [{ act: 'follow' }] };
  },
});

const LATER: ToolResult = {
  summary: 'The user was asked and has not decided. The plan still waits.',
  next: [{ act: 'decide_plan', when: 'when they have decided' }],
};

/** What the user wrote beside a yes must reach the agent that begins with it, so it is left before. */
async function guide(question: SessionQuestion, text: string, by: ActionContext): Promise<boolean> {
  if (text === '') return false;
  const { sendMessage } = await import('../../actions/sessions/send-message.ts');
  await sendMessage({ ...question, text }, by);
  return true;
}

/** The user said no in the form: with what should be different it goes back at once. */
async function sentBack(
  question: SessionQuestion,
  feedback: string,
  { actions }: ToolContext,
): Promise<ToolResult> {
  if (feedback === '') {
    const args = { feedback: TO_FILL };
    const next = [{ act: 'request_changes', args, when: 'once the user has said what to change' }] as const;
    return { summary: 'The user wants the plan changed. Nothing was sent yet.', next };
  }
  const { requestChanges } = await import('../../actions/gates/request-changes.ts');
  const { view } = await requestChanges({ ...question, feedback }, byForm(actions));
  const summary = 'The user wants the plan changed; their words were sent.';
  return { ...sessionFields(view), summary, next: [{ act: 'follow' }] };
}
