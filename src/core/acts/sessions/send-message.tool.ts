import * as z from 'zod';
import { defineTool } from '../../faces/mcp/define-tool.ts';
import { aboutSession, resultWith, SESSION_FIELDS } from '../../faces/mcp/fields.ts';
import { doneFields } from '../../faces/mcp/session-fields.ts';

export const sendMessageTool = defineTool({
  name: 'send_message',
  title: 'Send guidance',
  description: [
    "Leave the user's guidance for the next agent of a coding session, also while one runs.",
    'Use for hints and corrections. Use answer_qa for its questions, request_changes for its plan.',
  ].join('\n'),
  input: aboutSession({
    text: z.string().min(1).describe("The guidance, in the user's words."),
  }),
  output: resultWith(SESSION_FIELDS),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  searchHint: 'steer, tell',
  async handle(input, { actions }) {
    const { sendMessage } = await import('./send-message.act.ts');
    return doneFields(await sendMessage(input, actions));
  },
});
