import * as z from 'zod';
import { defineTool } from '../calls/define-tool.ts';
import { aboutSession, OF_SESSION, resultWith } from '../calls/fields.ts';
import { sessionFields } from '../calls/session-fields.ts';

export const requestChangesTool = defineTool({
  name: 'request_changes',
  title: 'Request changes to a plan',
  description: [
    'Request changes to the plan of a coding session; a new version follows.',
    'Use when it waits for plan_approval and the user wants it changed.',
    'Then wait.',
  ].join('\n'),
  input: aboutSession({
    feedback: z.string().min(1).describe("What to change, in the user's words."),
  }),
  output: resultWith(OF_SESSION),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  searchHint: 'reject',
  async handle(input, { actions }) {
    const { requestChanges } = await import('../../actions/gates/request-changes.ts');
    const { view } = await requestChanges(input, actions);
    return {
      ...sessionFields(view),
      summary: 'Changes to the plan are requested.',
      next: [{ act: 'follow' }],
    };
  },
});
