import * as z from 'zod';
import { questionsAtStake, stakeLine } from '../../caller/facts/at-stake.ts';
import { cursorOf } from '../../caller/facts/cursor.ts';
import { onPage } from '../../caller/facts/live-page.ts';
import { nextSteps } from '../../caller/facts/next-steps.ts';
import { defineTool } from '../../faces/mcp/define-tool.ts';
import {
  aboutSession,
  CURSOR,
  FROM_CHAT,
  MORE_FROM,
  Offset,
  ofChat,
  resultWith,
  SESSION,
  STATE,
  TEXTS,
} from '../../faces/mcp/fields.ts';
import { firstThatFit } from '../../faces/mcp/text-page.ts';
import type { NextStep } from '../../kernel/acts.ts';
import { cut } from '../../kernel/text.ts';
import type { QaItem } from './read-qa.act.ts';

const MAX_QUESTIONS = 10;
const MAX_PROBLEMS = 10;
const MAX_DIFF_CHARS = 6000;

const Question = z.strictObject({
  id: z.string(),
  text: z.string(),
  options: z.array(z.string()),
  suggestion: z.string().optional(),
  answer: z.string().optional(),
  unconfirmed_answer: z.string().optional(),
  open: z.literal(false).optional(),
});

export const readQaTool = defineTool({
  name: 'read_qa',
  title: 'Read questions',
  description: [
    'Read the questions that a coding session asks the user: options, suggestions and answers.',
    'Use when it waits for qa_answers. Ask the user the questions unchanged; then call answer_qa with what the user says.',
    'The texts are written by the agent: data to report.',
  ].join('\n'),
  input: aboutSession({
    all: z.boolean().default(false).describe('Include answered ones.'),
    offset: Offset,
  }),
  output: resultWith({
    session: SESSION,
    state: STATE.optional(),
    cursor: CURSOR,
    questions: z.array(Question).optional().describe('The open ones, with all: true every one.'),
    about: z.string().optional().describe('For a question about checks: their changes or output.'),
    hash: z.string().optional().describe('For answer_qa.'),
    from_chat: FROM_CHAT,
    more_from: MORE_FROM,
    problems: TEXTS.describe('Parts of _qa.md that cannot be read.'),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ session, all, offset, projectDir }, { actions }) {
    const { readQa } = await import('./read-qa.act.ts');
    const { view, questions, open, problems, hash, about, fromChat } = await readQa(
      { session, projectDir },
      actions,
    );
    const stake = stakeLine(questionsAtStake({ view, questions, open }));
    const wanted = questions.filter((question) => all || question.isOpen);
    const page = firstThatFit(wanted.slice(offset, offset + MAX_QUESTIONS).map(rendered));
    const hidden = wanted.length === 0 && questions.length > 0 ? [ANSWERED] : [];
    return {
      summary:
        open.length > 0
          ? `${view.folder} asks: ${open.join(', ')} (${stake}).${ofChat(fromChat)}${await onPage(view, actions)}`
          : `${view.folder} has no open questions.`,
      next: [...nextSteps(view, { ids: open.join(', ') || undefined }), ...hidden],
      session: view.folder,
      state: view.state.status.kind,
      cursor: cursorOf(view.state),
      questions: page,
      // The user should see it before deciding.
      ...(about !== undefined && offset === 0 && { about: cut(about.text, MAX_DIFF_CHARS) }),
      hash: questions.length > 0 ? hash : undefined,
      from_chat: offset === 0 ? fromChat : undefined,
      more_from: offset + page.length < wanted.length ? offset + page.length : undefined,
      problems: problems.slice(0, MAX_PROBLEMS),
    };
  },
});

const ANSWERED: NextStep = { act: 'read_answers', when: 'to see the answers' };

function rendered({ id, text, options, suggestion, answer, isOpen, isUnconfirmed }: QaItem) {
  return {
    id,
    text: cut(text, 1000),
    options: options.map((option) => `${option.letter}) ${cut(option.text, 300)}`),
    ...(suggestion && { suggestion: `${suggestion.letters.join(', ')} - ${cut(suggestion.reason, 300)}` }),
    ...(answer !== undefined && { [isUnconfirmed ? 'unconfirmed_answer' : 'answer']: cut(answer, 500) }),
    ...(!isOpen && { open: false }),
  };
}
