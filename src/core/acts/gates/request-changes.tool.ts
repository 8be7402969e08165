import * as z from 'zod';
import { defineTool } from '../../faces/mcp/define-tool.ts';
import { aboutSession, resultWith, SESSION_FIELDS } from '../../faces/mcp/fields.ts';
import { doneFields } from '../../faces/mcp/session-fields.ts';

export const requestChangesTool = defineTool({
  name: 'request_changes',
  title: 'Request changes',
  description: [
    'Request changes to the plan of a coding session; a new version follows.',
    'Use when it waits for plan_approval and the user wants it changed.',
    'Then wait.',
  ].join('\n'),
  input: aboutSession({
    feedback: z.string().min(1).describe("What to change, in the user's words."),
  }),
  output: resultWith(SESSION_FIELDS),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  searchHint: 'reject',
  async handle(input, { actions }) {
    const { requestChanges } = await import('./request-changes.act.ts');
    return doneFields(await requestChanges(input, actions));
  },
});
