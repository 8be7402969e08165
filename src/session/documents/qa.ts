import type { RecordedAnswer } from '../events/bodies/positions.ts';
import type { SessionState } from '../events/state.ts';
import {
  type MarkdownLines,
  parseKeyLine,
  parseMarkdown,
  plainValue,
  preamble,
  titleHeading,
} from './markdown-lines.ts';
import { questionHash } from './qa-answer.ts';
import { type FoundQuestion, findQuestions, type QaQuestion } from './qa-blocks.ts';

export interface QaReading {
  title: string | undefined;
  status: 'waiting' | 'answered' | undefined;
  questions: QaQuestion[];
  /** What is not as it should be, one sentence each; the reading goes on without it. */
  problems: string[];
}

/** Reads `_qa.md`, older shapes of it too; never throws. */
export function parseQa(text: string): QaReading {
  const doc = parseMarkdown(text);
  const found = findQuestions(doc);
  const status = findStatus(doc, found)?.value.toLowerCase();
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

/** The file's own `Status:` line; one inside a question is none. */
export function findStatus(
  doc: MarkdownLines,
  found: readonly FoundQuestion[],
): { index: number; value: string } | undefined {
  const end = Math.max(preamble(doc).end, 0);
  const firstQuestion = found[0]?.start ?? end;
  for (let index = 0; index < Math.min(end, firstQuestion); index += 1) {
    const line = doc.isFenced(index) ? undefined : parseKeyLine(doc.lines[index] ?? '');
    if (line?.key === 'status') return { index, value: plainValue(line.value) };
  }
  return undefined;
}

/** The questions of the current goal, held against the human answers on record. */
export interface OpenQuestions {
  questions: QaQuestion[];
  /** Ids without a recorded answer to the question as it now stands. */
  open: string[];
  /** Answers that stand in the file and that no person is on record for. */
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
  { oldRounds, answers }: Pick<SessionState, 'oldRounds' | 'answers'>,
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
