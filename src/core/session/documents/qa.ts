import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { cleanText, cut } from '../../kernel/text.ts';
import { isOf } from '../events/asks.ts';
import type { ControlQuestion, RecordedAnswer } from '../events/bodies/positions.ts';
import type { SessionState } from '../events/state.ts';
import {
  type FoundLine,
  keyLinesIn,
  type MarkdownLines,
  oneLine,
  parseMarkdown,
  plainValue,
  preamble,
  titleHeading,
} from './markdown-lines.ts';
import { type FoundQuestion, findQuestions, isUnanswered, type QaQuestion } from './qa-blocks.ts';

export interface QaReading {
  title: string | undefined;
  status: 'waiting' | 'answered' | undefined;
  questions: QaQuestion[];
  /** Problems of the file, one sentence each; reading continues without the affected parts. */
  problems: string[];
}

/** Parses `_qa.md`, including older forms of it; never throws. */
export function parseQa(text: string): QaReading {
  const doc = parseMarkdown(text);
  const found = findQuestions(doc);
  const status = plainValue(findStatus(doc, found)?.line.value ?? '').toLowerCase();
  const problems = found.length === 0 ? ['There is no question in it.'] : [];
  const last = new Map<number, number>();
  for (const { question, answerLines } of found) {
    const number = Number(/\d+$/.exec(question.id)?.[0]);
    const before = last.get(question.round);
    if (number !== (before ?? 0) + 1) problems.push(outOfOrder(question.id, before));
    last.set(question.round, number);
    if (answerLines === 0) problems.push(`${question.id} has no answer line.`);
    if (answerLines > 1) problems.push(`${question.id} has more than one answer line.`);
  }
  return {
    title: titleHeading(doc)?.text.replace(/^Q\s?&\s?A\s*:?\s*/i, ''),
    status: status === 'waiting' || status === 'answered' ? status : undefined,
    questions: found.map(({ question }) => question),
    problems,
  };
}

function outOfOrder(id: string, before: number | undefined): string {
  const where = before === undefined ? 'comes first' : `comes after Q${before}`;
  return `${id} ${where}; the questions of a round are Q1, Q2 and so on.`;
}

/** The file's own `Status:` line; lines inside questions do not count. */
export function findStatus(doc: MarkdownLines, [first]: readonly FoundQuestion[]): FoundLine | undefined {
  const { end } = preamble(doc);
  const above = keyLinesIn(doc, { start: 0, end: Math.min(end, first?.start ?? end) });
  return above.find(({ line }) => line.key === 'status');
}

/** The recorded answers, how many rounds of questions belong to earlier goals, and what samocode itself asks. */
export type AnswersOnRecord = Pick<SessionState, 'oldRounds' | 'asks'> & {
  answers: readonly RecordedAnswer[];
};

/** The questions of the current goal, compared with the recorded answers. */
export interface OpenQuestions {
  questions: QaQuestion[];
  /** Ids of questions whose current text has no recorded answer. */
  open: string[];
  /** Answers in the file that are not recorded as given by a person. */
  unconfirmed: RecordedAnswer[];
  /** Questions whose recorded answer was changed in the file. */
  altered: string[];
}

export function suggestedAnswers({
  questions,
  open,
}: Pick<OpenQuestions, 'questions' | 'open'>): RecordedAnswer[] {
  return questions.flatMap((question) => {
    const { id, suggestion } = question;
    if (suggestion === undefined || !open.includes(id)) return [];
    return [recordOf(question, { kind: 'letters', letters: suggestion.letters })];
  });
}

/** @param text of `_qa.md`; undefined when there is none */
export function openQuestions(text: string | undefined, state: AnswersOnRecord): OpenQuestions {
  const { oldRounds, answers } = state;
  const all = text === undefined ? [] : parseQa(text).questions;
  const questions = withOwnMarked(
    all.filter((question) => question.round > oldRounds),
    state,
  );
  const recorded = new Map(answers.map((answer) => [`${answer.id} ${answer.question}`, answer.text]));
  const found: OpenQuestions = { questions, open: [], unconfirmed: [], altered: [] };
  for (const question of questions) {
    const hash = questionHash(question);
    const given = recorded.get(`${question.id} ${hash}`);
    if (given === undefined) {
      found.open.push(question.id);
      if (question.answer !== undefined) {
        found.unconfirmed.push({ id: question.id, question: hash, text: question.answer });
      }
    } else if (question.answer !== given) {
      found.altered.push(question.id);
    }
  }
  return found;
}

/** The questions, of which those that samocode itself asks are marked. */
export function withOwnMarked<Question extends QaQuestion>(
  questions: readonly Question[],
  { asks = [] }: Pick<AnswersOnRecord, 'asks'>,
): Question[] {
  return questions.map((question) => {
    const own = asks.find((ask) => isAsked(ask, question))?.kind;
    return own === undefined ? question : { ...question, own };
  });
}

/** Whether a question is that of the worker. */
export function isAsked(ask: ControlQuestion, question: QaQuestion): boolean {
  return isOf(ask, { id: question.id, question: questionHash(question) });
}

/** Binds a recorded answer to its question: it no longer counts if an agent rewrites the question. */
export function questionHash(question: QaQuestion): string {
  const { id, text, options } = question;
  const content = JSON.stringify([id, text, options.map((option) => [option.letter, option.text])]);
  return fingerprint(content);
}

/** What a person sees of the questions, and an answer is given to; recorded answers are no part of it. */
export function questionsHash({
  questions,
  unconfirmed,
}: Pick<OpenQuestions, 'questions' | 'unconfirmed'>): string {
  const shown = questions.map((question) => [questionHash(question), question.suggestion?.letters]);
  return fingerprint(JSON.stringify([shown, unconfirmed.map(({ id, text }) => [id, text])]));
}

export type ParsedAnswer =
  | { kind: 'letters'; letters: readonly string[]; note?: string | undefined }
  | { kind: 'text'; text: string }
  | { kind: 'invalid'; problem: string };

/** Interprets an answer: one letter, several ("A, C" or "AC"), the text of an option, or free text. */
export function parseAnswer(question: QaQuestion, raw: string): ParsedAnswer {
  const text = normalized(raw);
  const known = question.options.map(({ letter }) => letter);
  if (isUnanswered(text)) return { kind: 'invalid', problem: `The answer to ${question.id} is empty.` };
  if (known.length === 0) return { kind: 'text', text };
  const bare = lettersIn(text, known) ?? letterOfText(text, question);
  const noted = question.own && bare === undefined ? letterAndNote(text) : undefined;
  const letters = bare ?? (noted && [noted.letter]);
  if (question.own && letters?.length !== 1) return { kind: 'invalid', problem: ownProblem(question, text) };
  if (!letters) return { kind: 'text', text };
  const unknown = letters.filter((letter) => !known.includes(letter));
  if (unknown.length === 0) {
    const chosen = known.filter((letter) => letters.includes(letter));
    return { kind: 'letters', letters: chosen, note: noted?.note };
  }
  const problem = `${question.id} has no option ${unknown.join(', ')}. Its options are ${known.join(', ')}.`;
  return { kind: 'invalid', problem };
}

/** A letter before a mark or the end of its line, and what follows: a blank and a word could mean another one. */
function letterAndNote(text: string): { letter: string; note: string } | undefined {
  const [, letter, note = ''] = /^([A-Za-z])(?:\s*[,.:;)–—-]|(?=\n))\s*([\s\S]*)$/.exec(text) ?? [];
  return letter === undefined ? undefined : { letter: letter.toUpperCase(), note };
}

function ownProblem({ id, options }: QaQuestion, text: string): string {
  const letters = options.map(({ letter }) => letter).join(' or ');
  return `"${cut(oneLine(text), 60)}" does not say which option it means. ${id} takes one letter, ${letters}, alone or before a comma and a note.`;
}

/** The text as it would be read back from `_qa.md`, so that it equals the recorded one. */
function normalized(raw: string): string {
  const lines = cleanText(raw.replaceAll('<br>', '\n')).split('\n');
  return lines.map(oneLine).join('\n').trim();
}

/** The text for `_qa.md` and the events. */
export function answerText(answer: Exclude<ParsedAnswer, { kind: 'invalid' }>): string {
  if (answer.kind === 'text') return answer.text;
  return [...answer.letters, ...(answer.note ? [answer.note] : [])].join(', ');
}

export function recordOf(
  question: QaQuestion,
  answer: Exclude<ParsedAnswer, { kind: 'invalid' }>,
): RecordedAnswer {
  const choice = question.own && answer.kind === 'letters' ? { choice: answer.letters[0] } : {};
  return { id: question.id, question: questionHash(question), text: answerText(answer), ...choice };
}

function lettersIn(text: string, known: readonly string[]): string[] | undefined {
  if (text.length > 120) return undefined;
  const bare = text
    .replace(/^(?:option|answer)s?\s+/i, '')
    .replace(/[*_`]/g, '')
    .trim();
  if (/^[A-Za-z][).]?(?:(?:\s*[,;/+&]\s*|\s+(?:and\s+)?)[A-Za-z][).]?)*$/.test(bare)) {
    const words = bare.toUpperCase().replace(/\bAND\b/g, ' ');
    return [...new Set(words.match(/[A-Z]/g) ?? [])];
  }
  return adjacentLetters(bare, known);
}

/** "AC": capitals that are all options; lower-case letters only in ascending order, since "bad" is a word. */
function adjacentLetters(bare: string, known: readonly string[]): string[] | undefined {
  const letters = [...bare.toUpperCase()];
  const isDistinct =
    new Set(letters).size === letters.length && letters.every((letter) => known.includes(letter));
  const isAscending = letters.every((letter, at) => at === 0 || letter > (letters[at - 1] ?? ''));
  const isRun = /^(?:[A-Z]{2,26}|[a-z]{2,26})$/.test(bare);
  return isRun && isDistinct && (isAscending || bare === bare.toUpperCase()) ? letters : undefined;
}

/** "B) the text of the option", or its text alone, means the letter. */
function letterOfText(text: string, question: QaQuestion): string[] | undefined {
  const same = (one: string, other: string) => one.toLowerCase().trim() === other.toLowerCase().trim();
  const match = /^([A-Za-z])\s?[).:–—-]\s/.exec(text);
  const option = question.options.find(({ letter, text: words }) =>
    match ? same(letter, match[1] ?? '') && same(words, text.slice(match[0].length)) : same(words, text),
  );
  return option && [option.letter];
}
