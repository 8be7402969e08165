import { decode, readPlainFile } from '../../base/files/plain-file.ts';
import { MAX_DOCUMENT_BYTES } from '../../session/layout/paths.ts';
import type { ActionContext } from '../acting/context.ts';
import { nextSteps } from '../acting/next-steps.ts';
import { findSession, type SessionQuestion } from '../places/find-session.ts';
import { READING_ERRORS } from './reading-errors.ts';

/** The text of a session's `_overview.md`. @throws session_not_found, no_notebook */
export async function readNotebook(question: SessionQuestion, context: ActionContext): Promise<string> {
  const view = await findSession(question, context);
  const { paths } = view;
  const reading = await readPlainFile(paths.overview, MAX_DOCUMENT_BYTES);
  if (reading.kind !== 'bytes') {
    const problem = reading.kind === 'missing' ? undefined : reading.problem;
    const next = view.isForeign ? nextSteps(view) : [];
    throw READING_ERRORS.no_notebook({ session: view.folder, problem, next });
  }
  return decode(reading.bytes);
}
