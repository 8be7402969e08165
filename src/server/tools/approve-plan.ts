import * as z from 'zod';
import { defineTool } from '../define-tool.ts';
import { ProjectDir, SessionName } from '../fields.ts';
import { sessionFields } from '../session-fields.ts';

export const approvePlanTool = defineTool({
  name: 'approve_plan',
  title: 'Approve a plan for the human',
  description: [
    'Approve the plan that a coding session waits with; implementation begins at once.',
    'Use only after the human has seen the plan and said yes to it. It is recorded as approved through you.',
    'Needs the hash that read_plan gave; a plan that changed since is refused. Then wait.',
  ].join('\n'),
  input: z.strictObject({
    session: SessionName,
    hash: z.string().min(8).describe('hash of read_plan: the version that the human has seen.'),
    project_dir: ProjectDir,
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  searchHint: 'yes to the plan',
  async handle({ session, hash, project_dir: projectDir }, { actions }) {
    const { approvePlan } = await import('../../actions/approve-plan.ts');
    const { view, plan, already } = await approvePlan({ session, hash, projectDir }, actions);
    const summary = `${plan.name} ${already ? 'had been approved before' : 'is approved'}.`;
    return { ...sessionFields(view), summary, next: 'wait' };
  },
});
