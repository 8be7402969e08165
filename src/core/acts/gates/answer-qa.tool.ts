import * as z from 'zod';
import { defineTool } from '../../faces/mcp/define-tool.ts';
import { aboutSession, resultWith, SESSION_FIELDS, TEXTS } from '../../faces/mcp/fields.ts';
import { askInForm, byForm, FORMS_REFUSED } from '../../faces/mcp/form.ts';
import { doneFields } from '../../faces/mcp/session-fields.ts';
import type { ToolResult } from '../../faces/mcp/tool.ts';
import type { NextStep } from '../../kernel/acts.ts';

export const answerQaTool = defineTool({
  name: 'answer_qa',
  title: 'Answer questions',
  description: [
    "Give the user's answers to a coding session that waits for qa_answers; it continues once all are answered.",
    'Pass what the user said; never choose for them. If the client has forms, they choose it again in one. Partial answers are fine.',
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
      .describe('Accept the suggestion for every other open question. Only when the user said so.'),
    confirm_typed: z
      .boolean()
      .default(false)
      .describe('The user confirms the answers that read_qa shows as unconfirmed.'),
    hash: z.string().optional().describe('From read_qa. Needed without forms.'),
    replace: z.boolean().default(false).describe('Change recorded answers, if the user said so.'),
  }),
  output: resultWith({ ...SESSION_FIELDS, open: TEXTS.describe('Questions still unanswered.') }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  async handle(input, context) {
    const { session, projectDir, acceptSuggestions, confirmTyped, replace, hash } = input;
    const [{ answerQa }, { askedQuestions }] = await Promise.all([
      import('./answer-qa.act.ts'),
      import('./questions-form.ts'),
    ]);
    const question = { session, projectDir };
    const answers = Object.entries(input.answers).map(([id, text]) => ({ id, text }));
    const passedOn = { answers, acceptSuggestions, confirmTyped, replace };
    const asked = await askInForm(context, (by) => askedQuestions(question, passedOn, by));
    if (asked.kind === 'unanswered') return UNANSWERED;
    const decided = asked.kind === 'decided' ? asked.decision : undefined;
    const { unasked = [], inChat = [] } = decided ?? {};
    const later = inChat.length > 0 ? ` The user will answer ${inChat.join(', ')} in the chat.` : '';
    if (decided?.answers.length === 0)
      return { summary: `Nothing is recorded yet.${later}`, next: [askFor(inChat)], open: inChat };
    const { open, ...answered } = decided
      ? await answerQa(
          { ...question, answers: decided.answers, replace, hash: decided.hash },
          byForm(context),
        )
      : await answerQa({ ...question, ...passedOn, hash }, context.actions);
    const notes = [
      later,
      unasked.length > 0 ? ` Already answered, and unchanged: ${unasked.join(', ')}.` : '',
      asked.kind === 'no_form' && asked.isRefused ? FORMS_REFUSED : '',
    ];
    const fields = doneFields(answered);
    return {
      ...fields,
      summary: `${answered.done}${notes.join('')}`,
      next: open.length > 0 ? [askFor(open)] : fields.next,
      open,
    };
  },
});

function askFor(ids: readonly string[]): NextStep {
  return { act: 'answer_questions', args: { ids: ids.join(', ') } };
}

const UNANSWERED: ToolResult = {
  summary:
    'The user was asked in a form and did not answer. Nothing is recorded; the questions are still open.',
  next: [{ act: 'answer_questions', when: 'when the user is ready' }],
};
