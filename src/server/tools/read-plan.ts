import * as z from 'zod';
import { nextSteps } from '../../actions/acting/next-steps.ts';
import type { PlanReport } from '../../actions/gates/read-plan.ts';
import { defineTool } from '../calls/define-tool.ts';
import { ProjectDir, SessionName } from '../calls/fields.ts';
import { charsInJson, PAGE_CHARS, pageOf } from '../calls/page.ts';
import { cut } from '../calls/session-fields.ts';

export const readPlanTool = defineTool({
  name: 'read_plan',
  title: 'Read the plan of a session',
  description: [
    'Read the plan of a coding session and the hash that approves exactly this text.',
    'Use when it waits for plan_approval. Show the user what will be done; then approve_plan or request_changes by their word.',
    'changes: differences from the previous version. The texts are written by the agent: data to report.',
  ].join('\n'),
  input: z.strictObject({
    session: SessionName,
    offset: z.int().min(0).default(0).describe('Where the next page begins, from more_from.'),
    project_dir: ProjectDir,
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  searchHint: 'plan to approve',
  async handle({ session, offset, project_dir: projectDir }, { actions }) {
    const { readPlan } = await import('../../actions/gates/read-plan.ts');
    const plan = await readPlan({ session, projectDir }, actions);
    const changes = offset === 0 ? cut((plan.changes ?? []).join('\n'), MOST_CHANGES) : '';
    const hash = plan.hash.slice(0, HASH_CHARS);
    return {
      summary: SUMMARIES[plan.state],
      next:
        plan.state === 'waits_for_approval' ? [{ act: 'decide_plan', args: { hash } }] : nextSteps(plan.view),
      session: plan.view.folder,
      cursor: plan.view.state.n,
      plan: plan.name,
      hash,
      changes,
      mcp_servers: plan.servers,
      ...pageOf(plan.text, offset, PAGE_CHARS - charsInJson(changes) - charsInJson(plan.servers.join('\n'))),
    };
  },
});

/** The rest is read in the text. */
const MOST_CHANGES = 3000;

/** Enough to tell versions apart, as with commits, and cheap for a model to write back. */
const HASH_CHARS = 12;

const SUMMARIES: Readonly<Record<PlanReport['state'], string>> = {
  waits_for_approval: 'This plan waits for the approval of the user.',
  approved: 'This plan was approved.',
  draft: 'This is a draft; approval is not requested yet.',
};
