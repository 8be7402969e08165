import { refusalNow } from '../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import type { SessionQuestion } from '../../caller/context/find-session.ts';
import { questionsAtStake, stakeLine } from '../../caller/facts/at-stake.ts';
import {
  type Form,
  type FormChoice,
  type FormField,
  type OpenQuestion,
  OWN_WORDS,
  WRITES,
} from '../../caller/facts/form.ts';
import { cut, visibleControls } from '../../kernel/text.ts';
import { CHAT_SECTION } from '../../session/documents/chat-section.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import { answerText, parseAnswer } from '../../session/documents/qa.ts';
import { findQuestion } from '../../session/documents/qa-blocks.ts';
import { ACCEPTS_WEAKENED } from '../../session/events/asks.ts';
import { handleOf, nameWithoutDate } from '../../session/layout/names.ts';
import { type QaItem, type QaReport, readQa } from './read-qa.act.ts';

/** A longer form would be tedious; the remaining questions stay open. */
const MAX_QUESTIONS = 6;
const MAX_DIFF_CHARS = 2500;
const MAX_CHAT_CHARS = 1500;

export interface FormAnswer {
  id: string;
  text: string;
}

/** The user's answers as passed on by the model: the form shows them, to be chosen again. */
export interface PassedOn {
  answers: readonly FormAnswer[];
  acceptSuggestions: boolean;
  confirmTyped: boolean;
  /** Also ask questions that already have an answer, if the call contains a new answer. */
  replace: boolean;
}

interface Answered {
  answers: FormAnswer[];
  /** The questions that the user will answer in the chat. */
  inChat: string[];
  /** Those that the call answers, but that were not asked because they already have an answer. */
  unasked: string[];
  /** Of the questions as the form shows them. */
  hash: string;
}

/**
 * The open questions of a session. Undefined where an answer of this person would be refused.
 * @param passedOn what the model passed on; absent: the first question alone, for a form that opens without a call
 * @returns `weakened`: the question whether weakened checks are accepted
 */
export async function askedQuestions(
  question: SessionQuestion,
  passedOn: PassedOn | undefined,
  context: ActionContext,
): Promise<(OpenQuestion<Answered | undefined> & { weakened: string | undefined }) | undefined> {
  const report = await readQa({ ...question, isAct: true }, context);
  const { view, questions: known } = report;
  const given = (passedOn?.answers ?? []).map(({ id, text }) => ({ asked: findQuestion(known, id), text }));
  const isMeant = (id: string) => passedOn?.replace && given.some(({ asked }) => asked?.id === id);
  const open = known.filter(({ id, isOpen }) => isOpen || isMeant(id));
  const isClear = given.every(({ asked, text }) => asked && parseAnswer(asked, text).kind !== 'invalid');
  const unasked = given.flatMap(({ asked }) => (asked && !open.includes(asked) ? [asked.id] : []));
  // Answers that cannot be recorded are refused without asking.
  const isRefused = !isClear || (unasked.length > 0 && unasked.length === given.length);
  if (open.length === 0 || isRefused || refusalNow('answer', view, context)) return undefined;
  return {
    form: questionsForm(report, open, passedOn),
    weakened: open.find(({ own }) => own === 'weakened')?.id,
    decide(filled) {
      const answered = open.flatMap(({ id }) => (filled[id] === undefined ? [] : [{ id, text: filled[id] }]));
      // Also where the form for the words was left.
      const isInChat = ({ text }: FormAnswer) => text === OWN_WORDS || text === WRITES;
      const answers = answered.filter((each) => !isInChat(each));
      const inChat = answered.filter(isInChat).map(({ id }) => id);
      return answered.length > 0 ? { answers, inChat, unasked, hash: report.hash } : undefined;
    },
  };
}

/** The open questions as a form. */
function questionsForm(report: QaReport, open: readonly QaItem[], passedOn: PassedOn | undefined): Form {
  const { about, fromChat } = report;
  const { folder } = report.view;
  const shown = open.slice(0, passedOn ? MAX_QUESTIONS : 1);
  const more = open.length > shown.length ? ` ${open.length - shown.length} more follow.` : '';
  const asked = shown.find(({ id }) => id === about?.question);
  // The diff or output would not fit in the description of a field.
  const seen = asked ? `\n\n${asked.text}\n\n${cut(about?.text ?? '', MAX_DIFF_CHARS)}` : '';
  const head = `The coding session ${folder} has questions (${stakeLine(questionsAtStake(report))}).${more}`;
  // A form cannot accept weakened checks, so it does not offer to.
  const where = shown.some(({ own }) => own === 'weakened')
    ? [`To accept it: samocode answer ${handleOf(folder)}, in a terminal.`]
    : [];
  return {
    message: passedOn
      ? [...where, ...chatInForm(fromChat), `${head}${seen}`].join('\n')
      : [...where, ...askedAlone(folder, open), ...chatInForm(fromChat), seen.trim()]
          .filter(Boolean)
          .join('\n'),
    fields: Object.fromEntries(
      shown.map((each) => {
        const { choices, ...field } = questionField(each, passedOn && saidBefore(each, passedOn));
        const isOffered = ({ value }: FormChoice) => each.own !== 'weakened' || value !== ACCEPTS_WEAKENED;
        return [each.id, choices ? { ...field, choices: choices.filter(isOffered) } : field];
      }),
    ),
  };
}

/**
 * The first question, before all else: Claude Code shows four lines of a message, and one of the description of a field.
 */
function askedAlone(folder: string, [first, ...others]: readonly QaItem[]): string[] {
  if (first === undefined) return [];
  const { description = '', choices = [] } = questionField(first);
  const more = others.length > 0 ? `, and ${others.length} more after it` : '';
  const isLong = choices.some(({ title }) => title.length > SHOWN_OF_CHOICE);
  const options = isLong ? choices.map(({ title }) => title) : [];
  return [`${nameWithoutDate(folder)} asks ${first.id}${more}: ${description}`, ...options];
}

/** What Claude Code shows of the title of a choice, less a sign before it. */
const SHOWN_OF_CHOICE = 44;

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
function saidBefore(
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

/** @param said what the user said in the chat, as the model passes it on: offered first, and chosen only by the user */
export function questionField({ id, text, options, suggestion, own }: QaItem, said?: string): FormField {
  const isSuggested = (letter: string) => suggestion?.letters.includes(letter);
  const why = suggestion?.reason ? [`Suggested: ${cut(oneLine(suggestion.reason), 200)}`] : [];
  const suggested = suggestion?.letters.join(', ');
  const asked = {
    title: id,
    description: [
      cut(oneLine(text), 400),
      ...(said ? [`You said: ${cut(oneLine(said), 200)}`] : []),
      ...why,
    ].join(' · '),
    words: own ? 'note' : 'any',
    ...(suggested && { default: suggested }),
  } as const;
  const choices = options.map(({ letter, text: words }) => ({
    value: letter,
    title: `${letter}) ${cut(oneLine(words), 400)}${isSuggested(letter) ? ' (suggested)' : ''}`,
  }));
  const again = choices.find(({ value }) => value === said)?.title ?? cut(oneLine(said ?? ''), 200);
  const all = [
    ...(said ? [{ value: said, title: `You said: ${again}` }] : []),
    ...(suggested?.includes(',') ? [{ value: suggested, title: `${suggested} (suggested)` }] : []),
    ...choices,
  ].filter(({ value }, at) => at === 0 || value !== said);
  return all.length > 0 ? { ...asked, choices: all } : asked;
}
