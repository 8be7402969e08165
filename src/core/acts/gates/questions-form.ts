import type { SessionQuestion } from '../../caller/context/find-session.ts';
import { cut, visibleControls } from '../../kernel/text.ts';
import {
  type AtGate,
  decidedBy,
  type Filled,
  type Form,
  type FormField,
  mayOpenGates,
} from '../../kit/mcp/form.ts';
import type { ToolContext } from '../../kit/mcp/tool.ts';
import { CHAT_SECTION } from '../../session/documents/chat-section.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import { answerText, parseAnswer } from '../../session/documents/qa.ts';
import { findQuestion } from '../../session/documents/qa-blocks.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { QaItem, QaReport } from './read-qa.act.ts';

/** A longer form would be tedious; the remaining questions stay open. */
const MAX_QUESTIONS = 6;
const MAX_DIFF_CHARS = 2500;
const MAX_CHAT_CHARS = 1500;

export interface FormAnswer {
  id: string;
  text: string;
}

/** The user's answers as passed on by the model, prefilled in the form. */
export interface PassedOn {
  answers: readonly FormAnswer[];
  acceptSuggestions: boolean;
  confirmTyped: boolean;
  /** Also ask questions that already have an answer, if the call contains a new answer. */
  replace: boolean;
}

/**
 * Asks the user the open questions of a session in a form, prefilled with the answers that the model passed on.
 * @returns `inChat`: the questions that the user will answer in the chat; `unasked`: those that the call answers, but
 * that were not asked because they already have an answer
 */
export async function askQuestions(
  question: SessionQuestion,
  passedOn: PassedOn,
  { actions, ask }: ToolContext,
): Promise<AtGate<{ answers: FormAnswer[]; inChat: string[]; unasked: string[]; hash: string }>> {
  if (ask === undefined) return { kind: 'no_form' };
  const { readQa } = await import('./read-qa.act.ts');
  const {
    view,
    questions: known,
    hash,
    about,
    fromChat,
  } = await readQa({ ...question, isAct: true }, actions);
  const given = passedOn.answers.map(({ id, text }) => ({ asked: findQuestion(known, id), text }));
  const isMeant = (id: string) => passedOn.replace && given.some(({ asked }) => asked?.id === id);
  const questions = known.map((each) => (isMeant(each.id) ? { ...each, isOpen: true } : each));
  const open = questions.filter(({ isOpen }) => isOpen).map(({ id }) => id);
  const isClear = given.every(({ asked, text }) => asked && parseAnswer(asked, text).kind !== 'invalid');
  const unasked = given.flatMap(({ asked }) => (asked && !open.includes(asked.id) ? [asked.id] : []));
  // Answers that cannot be recorded are refused without asking.
  const isRefused = !isClear || (unasked.length > 0 && unasked.length === given.length);
  if (open.length === 0 || isRefused || !mayOpenGates(view)) return { kind: 'no_form' };
  const outcome = await ask(questionForm(view, questions, { passedOn, about, fromChat }));
  return decidedBy(outcome, (filled) => {
    const answers = answersIn(filled, questions);
    const inChat = questions.filter((each) => isSaidInChat(each, filled)).map(({ id }) => id);
    return answers.length + inChat.length > 0 ? { answers, inChat, unasked, hash } : undefined;
  });
}

/** The open questions as a form; every field may stay empty. */
function questionForm(
  { folder }: SessionView,
  questions: readonly QaItem[],
  { passedOn, about, fromChat }: Pick<QaReport, 'about' | 'fromChat'> & { passedOn: PassedOn },
): Form {
  const open = questions.filter(({ isOpen }) => isOpen);
  const shown = open.slice(0, MAX_QUESTIONS);
  const more = open.length > shown.length ? ` ${open.length - shown.length} more follow.` : '';
  const asked = shown.find(({ id }) => id === about?.question);
  // The diff or output would not fit in the description of a field.
  const seen = asked ? `\n\n${asked.text}\n\n${cut(about?.text ?? '', MAX_DIFF_CHARS)}` : '';
  return {
    message: [
      ...chatInForm(fromChat),
      `The coding session ${folder} has questions. What you leave empty stays open; suggestions are filled in.${more}${seen}`,
    ].join('\n'),
    fields: Object.fromEntries(shown.map((each) => fieldOf(each, prefilledAnswer(each, passedOn)))),
  };
}

/** What the agent took from the chat, in one line: Claude Code shows only the first four of a form. */
export function chatInForm(fromChat: string | undefined): string[] {
  if (fromChat === undefined) return [];
  const items = visibleControls(fromChat)
    .split(/^[ \t]*[-*+][ \t]+/m)
    .map(oneLine)
    .filter(Boolean);
  return [cut(`${CHAT_SECTION}: ${items.join(' · ')}`, MAX_CHAT_CHARS)];
}

/** The passed-on answer to a question, in the form in which it would be recorded. */
function prefilledAnswer(
  question: QaItem,
  { answers, acceptSuggestions, confirmTyped }: PassedOn,
): string | undefined {
  const given = answers.find(({ id }) => findQuestion([question], id))?.text;
  const typed = confirmTyped && question.isUnconfirmed ? question.answer : undefined;
  const suggested = acceptSuggestions ? question.suggestion?.letters.join(', ') : undefined;
  const text = given ?? typed ?? suggested;
  if (text === undefined) return undefined;
  const parsed = parseAnswer(question, text);
  return parsed.kind === 'invalid' ? undefined : visibleControls(answerText(parsed));
}

/** One field per question: Codex does not submit a form with an empty text field, even an optional one. */
function fieldOf(
  { id, text, options, suggestion }: QaItem,
  filled: string | undefined,
): readonly [string, FormField] {
  const isSuggested = (letter: string) => suggestion?.letters.includes(letter);
  const why = suggestion?.reason ? [`Suggested: ${cut(oneLine(suggestion.reason), 200)}`] : [];
  const asked = { title: id, description: [cut(oneLine(text), 400), ...why].join(' · ') };
  const value = filled ?? suggestion?.letters.join(', ');
  const field = value ? { ...asked, default: value } : asked;
  if (options.length === 0) return [id, field];
  const choices = options.map(({ letter, text: words }) => ({
    value: letter,
    title: `${letter}) ${cut(oneLine(words), 200)}${isSuggested(letter) ? ' (suggested)' : ''}`,
  }));
  // Several letters, or the user's free text, passed on by the model.
  const isOther = value !== undefined && !choices.some((choice) => choice.value === value);
  const other = isOther ? [{ value, title: cut(oneLine(value), 200) }] : [];
  return [id, { ...field, choices: [...other, ...choices, OWN_WORDS] }];
}

const OWN_WORDS = { value: 'own words', title: 'Something else: I will say it in the chat' };

/** The answers filled in; those that the user will give in the chat arrive with the next call. */
function answersIn(filled: Filled, questions: readonly QaItem[]): FormAnswer[] {
  return questions.flatMap((question) => {
    const { id } = question;
    const text = filled[id];
    return text === undefined || isSaidInChat(question, filled) ? [] : [{ id, text }];
  });
}

function isSaidInChat({ id, options }: QaItem, filled: Filled): boolean {
  return options.length > 0 && filled[id] === OWN_WORDS.value;
}
