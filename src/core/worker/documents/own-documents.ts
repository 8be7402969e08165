import { changeFile } from '../../kernel/files/change-file.ts';
import { namesAt } from '../../kernel/files/path-stats.ts';
import { readPlainFile } from '../../kernel/files/plain-file.ts';
import { documentText } from '../../session/documents/documents.ts';
import {
  type AnswersOnRecord,
  answerText,
  openQuestions,
  parseAnswer,
  parseQa,
  questionHash,
} from '../../session/documents/qa.ts';
import type { QaQuestion } from '../../session/documents/qa-blocks.ts';
import { noteUnrecorded, setQaStatus, writeAnswers } from '../../session/documents/qa-change.ts';
import { MAX_DOCUMENT_BYTES, MAX_OVERVIEW_BYTES, type SessionPaths } from '../../session/layout/paths.ts';

/** Names of the session's top-level documents and folders, sorted. */
export function documentNames({ paths }: { paths: SessionPaths }): string[] {
  return (namesAt(paths.sessionDir) ?? []).sort();
}

/** The overview; undefined if it is missing, not a plain file, or too large for the worker to update. */
export async function readOwnOverview({ overview }: SessionPaths): Promise<string | undefined> {
  return await documentText(overview, MAX_OVERVIEW_BYTES);
}

/** Writes recorded answers into `_qa.md` where their question is unchanged. */
export async function writeRecordedAnswers(
  paths: Pick<SessionPaths, 'qa'>,
  state: AnswersOnRecord,
): Promise<void> {
  if ((await readPlainFile(paths.qa, MAX_DOCUMENT_BYTES)).kind !== 'bytes') return;
  await changeFile(paths.qa, (text = '') => withAnswers(text, state));
}

function withAnswers(text: string, state: AnswersOnRecord): string {
  const { questions, status = 'waiting' } = parseQa(text);
  const byId = new Map(questions.map((question) => [question.id, question]));
  const fitting = state.answers.flatMap((answer) => {
    const question = byId.get(answer.id);
    return question && questionHash(question) === answer.question ? [{ ...answer, question }] : [];
  });
  // Preserves text that was typed over a recorded answer.
  const unrecorded = fitting.flatMap(({ id, text: recorded, question }) =>
    question.answer === undefined || isSame(question, question.answer, recorded)
      ? []
      : [{ id, text: question.answer }],
  );
  const written = noteUnrecorded(writeAnswers(text, fitting), unrecorded);
  // Only recorded answers set the `Status` line: a person may still be typing an answer.
  const { questions: asked, open } = openQuestions(written, state);
  if (asked.length === 0) return written;
  return setQaStatus(written, open.length === 0 ? 'answered' : status);
}

function isSame(question: QaQuestion, typed: string, recorded: string): boolean {
  const parsed = parseAnswer(question, typed);
  return typed === recorded || (parsed.kind !== 'invalid' && answerText(parsed) === recorded);
}
