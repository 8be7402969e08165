import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { cleanText } from '../../kernel/text.ts';
import type { RecordedAnswer } from '../events/bodies/positions.ts';
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
  for (const { question, answerLines } of found) {
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

/** The file's own `Status:` line; lines inside questions do not count. */
export function findStatus(doc: MarkdownLines, [first]: readonly FoundQuestion[]): FoundLine | undefined {
  const { end } = preamble(doc);
  const above = keyLinesIn(doc, { start: 0, end: Math.min(end, first?.start ?? end) });
  return above.find(({ line }) => line.key === 'status');
}

/** The recorded answers, and how many rounds of questions belong to earlier goals. */
export interface AnswersOnRecord {
  answers: readonly RecordedAnswer[];
  oldRounds: number;
}

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
    return [{ id, question: questionHash(question), text: suggestion.letters.join(', ') }];
  });
}

/** @param text of `_qa.md`; undefined when there is none */
export function openQuestions(
  text: string | undefined,
  { oldRounds, answers }: AnswersOnRecord,
): OpenQuestions {
  const all = text === undefined ? [] : parseQa(text).questions;
  const questions = all.filter((question) => question.round > oldRounds);
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

/** Binds a recorded answer to its question: it no longer counts if an agent rewrites the question. */
export function questionHash(question: QaQuestion): string {
  const { id, text, options } = question;
  const content = JSON.stringify([id, text, options.map((option) => [option.letter, option.text])]);
  return fingerprint(content);
}

export type ParsedAnswer =
  | { kind: 'letters'; letters: string[] }
  | { kind: 'text'; text: string }
  | { kind: 'invalid'; problem: string };

/** Interprets an answer: one letter, several ("A, C" or "AC"), the text of an option, or free text. */
export function parseAnswer(question: QaQuestion, raw: string): ParsedAnswer {
  const text = normalized(raw);
  const known = question.options.map(({ letter }) => letter);
  if (isUnanswered(text)) return { kind: 'invalid', problem: `The answer to ${question.id} is empty.` };
  if (known.length === 0) return { kind: 'text', text };
  const letters = lettersIn(text, known) ?? letterOfText(text, question);
  if (!letters) return { kind: 'text', text };
  const unknown = letters.filter((letter) => !known.includes(letter));
  if (unknown.length === 0)
    return { kind: 'letters', letters: known.filter((letter) => letters.includes(letter)) };
  const problem = `${question.id} has no option ${unknown.join(', ')}. Its options are ${known.join(', ')}.`;
  return { kind: 'invalid', problem };
}

/** The text as it would be read back from `_qa.md`, so that it equals the recorded one. */
function normalized(raw: string): string {
  const lines = cleanText(raw.replaceAll('<br>', '\n')).split('\n');
  return lines.map(oneLine).join('\n').trim();
}

/** The text for `_qa.md` and the events. */
export function answerText(answer: Exclude<ParsedAnswer, { kind: 'invalid' }>): string {
  return answer.kind === 'letters' ? answer.letters.join(', ') : answer.text;
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
