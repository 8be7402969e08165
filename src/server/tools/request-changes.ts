import * as z from 'zod';
import { defineTool } from '../calls/define-tool.ts';
import { ProjectDir, SessionName } from '../calls/fields.ts';
import { sessionFields } from '../calls/session-fields.ts';

export const requestChangesTool = defineTool({
  name: 'request_changes',
  title: 'Send the plan of a session back',
  description: [
    'Send the plan of a coding session back with what the user wants to be different; a new version follows.',
    'Use when it waits for plan_approval and the user is not content.',
    'Then wait until it asks for approval again.',
  ].join('\n'),
  input: z.strictObject({
    session: SessionName,
    feedback: z.string().min(1).describe("What should be different, in the user's words."),
    project_dir: ProjectDir,
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  searchHint: 'no to the plan, feedback',
  async handle({ session, feedback, project_dir: projectDir }, { actions }) {
    const { requestChanges } = await import('../../actions/gates/request-changes.ts');
    const { view } = await requestChanges({ session, feedback, projectDir }, actions);
    return {
      ...sessionFields(view),
      summary: 'The plan went back with the feedback.',
      next: [{ act: 'follow' }],
    };
  },
});
