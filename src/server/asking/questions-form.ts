import type { QaItem } from '../../actions/gates/read-qa.ts';
import type { SessionQuestion } from '../../actions/places/find-session.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { type Form, type FormField, mayOpenGates } from '../calls/form.ts';
import { cut } from '../calls/session-fields.ts';
import type { ToolContext } from '../calls/tool.ts';

/** More than this on one form is nobody's pleasure; the others stay open. */
const MOST_QUESTIONS = 6;
const MOST_OF_A_DIFF = 2500;
const OWN_WORDS = '_own_words';

export interface FormAnswer {
  id: string;
  text: string;
}

/**
 * Puts the open questions of a session to the user in a form.
 * @returns undefined when nothing is open, a form may not answer, or nothing was filled in
 */
export async function askQuestions(
  question: SessionQuestion,
  { actions, ask }: ToolContext,
): Promise<FormAnswer[] | undefined> {
  if (ask === undefined) return undefined;
  const { readQa } = await import('../../actions/gates/read-qa.ts');
  const { view, questions, open, diff } = await readQa(question, actions);
  if (open.length === 0 || !mayOpenGates(view)) return undefined;
  const filled = await ask(questionForm(view, questions, diff));
  const answers = filled && answersIn(filled, questions);
  return answers && answers.length > 0 ? answers : undefined;
}

/** The open questions as a form: a choice and a line for own words each, all of which may stay empty. */
function questionForm(
  { folder, state: { status } }: SessionView,
  questions: readonly QaItem[],
  diff: string | undefined,
): Form {
  const open = questions.filter(({ isOpen }) => isOpen);
  const shown = open.slice(0, MOST_QUESTIONS);
  const more = open.length > shown.length ? ` ${open.length - shown.length} more follow.` : '';
  const weakened = status.kind === 'waiting' && shown.find(({ id }) => id === status.weakened?.question);
  // Below a field there is no room for it.
  const seen = weakened ? `\n\n${weakened.text}\n\n${cut(diff ?? '', MOST_OF_A_DIFF)}` : '';
  return {
    message: `The coding session ${folder} has questions. What you leave empty stays open.${more}${seen}`,
    fields: Object.fromEntries(shown.flatMap(fieldsOf)),
  };
}

/** Claude Code shows fifty characters of a title, and puts one with line breaks into quotes. */
const MOST_OF_A_TITLE = 44;

function fieldsOf({ id, text, options, suggestion }: QaItem): Array<[string, FormField]> {
  const asked = oneLine(text);
  const title = `${id}: ${cut(asked, MOST_OF_A_TITLE)}`;
  const whole = asked.length > MOST_OF_A_TITLE ? [cut(asked, 400)] : [];
  const why = suggestion
    ? [`Suggested: ${suggestion.letters.join(', ')} - ${cut(suggestion.reason, 200)}`]
    : [];
  const words = [...whole, ...why].join(' · ');
  const description = words === '' ? {} : { description: words };
  if (options.length === 0) return [[id, { title, ...description }]];
  const choices = options.map((option) => `${option.letter}) ${cut(oneLine(option.text), 200)}`);
  const own = {
    title: `${id}, in your own words`,
    description: 'Or several letters. It overrides the choice.',
  };
  return [
    [id, { title, ...description, choices }],
    [`${id}${OWN_WORDS}`, own],
  ];
}

/** What the user filled in, by question. */
function answersIn(filled: Readonly<Record<string, string>>, questions: readonly QaItem[]): FormAnswer[] {
  return questions.flatMap(({ id, options }) => {
    const chosen = options.find(({ letter }) => filled[id]?.startsWith(`${letter}) `))?.letter;
    const text = filled[`${id}${OWN_WORDS}`] ?? chosen ?? filled[id];
    return text === undefined ? [] : [{ id, text }];
  });
}
