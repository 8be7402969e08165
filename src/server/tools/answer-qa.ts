import * as z from 'zod';
import { defineTool } from '../calls/define-tool.ts';
import { aboutSession, OF_SESSION, resultWith, TEXTS } from '../calls/fields.ts';
import { byForm } from '../calls/form.ts';
import { cut, sessionFields } from '../calls/session-fields.ts';

export const answerQaTool = defineTool({
  name: 'answer_qa',
  title: 'Answer questions for you',
  description: [
    "Give the user's answers to a coding session that waits for qa_answers; it continues once none is open.",
    'Use only with what the user said; never choose for them. Partial answers are fine; with none the user is asked in a form, if the client has forms.',
    'Then wait.',
  ].join('\n'),
  input: aboutSession({
    answers: z
      .record(z.string(), z.string())
      .default({})
      .describe('By question id: a letter, several ("A, C"), or free text. {"Q1":"B","Q2":"no limit"}'),
    accept_suggestions: z
      .boolean()
      .default(false)
      .describe('Every other open question gets its suggestion. Only when the user said so.'),
    confirm_typed: z
      .boolean()
      .default(false)
      .describe('The user confirms the answers that read_qa shows as unconfirmed.'),
  }),
  output: resultWith({ ...OF_SESSION, open: TEXTS.describe('Questions that still have no answer.') }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  isCore: true,
  async handle(input, context) {
    const { session, projectDir, acceptSuggestions, confirmTyped } = input;
    const [{ answerQa }, { askQuestions }] = await Promise.all([
      import('../../actions/gates/answer-qa.ts'),
      import('../asking/questions-form.ts'),
    ]);
    const said = Object.entries(input.answers).map(([id, text]) => ({ id, text }));
    const isEmpty = said.length === 0 && !acceptSuggestions && !confirmTyped;
    const filled = isEmpty ? await askQuestions({ session, projectDir }, context) : undefined;
    const by = filled === undefined ? context.actions : byForm(context.actions);
    const { view, recorded, open } = await answerQa({ ...input, answers: filled ?? said }, by);
    const taken = recorded.map(({ id, text }) => `${id}: ${cut(text, 60)}`).join('; ');
    return {
      ...sessionFields(view),
      summary: `Recorded ${taken || 'the request'}.${open.length > 0 ? ` Still open: ${open.join(', ')}.` : ''}`,
      next:
        open.length > 0 ? [{ act: 'answer_questions', args: { ids: open.join(', ') } }] : [{ act: 'follow' }],
      open,
    };
  },
});
