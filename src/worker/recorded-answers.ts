import { changeFile } from '../base/change-file.ts';
import { readPlainFile } from '../base/plain-file.ts';
import type { SessionPaths } from '../session/paths.ts';
import { MAX_DOCUMENT_BYTES } from '../session/paths.ts';
import { readQa } from '../session/qa.ts';
import { questionHash } from '../session/qa-answer.ts';
import { writeAnswers } from '../session/qa-change.ts';
import type { SessionState } from '../session/state.ts';

/** Puts the recorded human answers into `_qa.md`, each where its question still stands as it was answered. */
export async function writeRecordedAnswers(paths: SessionPaths, state: SessionState): Promise<void> {
  if ((await readPlainFile(paths.qa, MAX_DOCUMENT_BYTES)).kind !== 'bytes') return;
  await changeFile(paths.qa, (text = '') => {
    const hashes = new Map(readQa(text).questions.map((question) => [question.id, questionHash(question)]));
    const fitting = state.answers.filter((answer) => hashes.get(answer.id) === answer.question);
    return writeAnswers(text, fitting);
  });
}
