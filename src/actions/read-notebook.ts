import { SamocodeError } from '../base/errors.ts';
import { decode, type NotRead, readPlainFile } from '../base/plain-file.ts';
import { MAX_DOCUMENT_BYTES } from '../session/paths.ts';
import type { SessionView } from '../session/status.ts';
import type { ActionContext } from './context.ts';
import { findSession, type SessionQuestion } from './find-session.ts';
import { nextStep } from './next-step.ts';

/** The text of a session's `_overview.md`. @throws SessionNotFoundError, NoNotebookError */
export async function readNotebook(question: SessionQuestion, context: ActionContext): Promise<string> {
  const view = await findSession(question, context);
  const { paths } = view;
  const reading = await readPlainFile(paths.overview, MAX_DOCUMENT_BYTES);
  if (reading.kind !== 'bytes') throw new NoNotebookError(view, reading);
  return decode(reading.bytes);
}

class NoNotebookError extends SamocodeError {
  readonly code = 'no_notebook';

  constructor(view: SessionView, reading: NotRead) {
    super(
      `The notebook of ${view.folder} can't be read.`,
      reading.kind === 'missing'
        ? 'There is no file _overview.md in its folder.'
        : `Its _overview.md is ${reading.problem}.`,
      view.isForeign
        ? `Next: ${nextStep(view)}.`
        : 'It is written again with the next iteration; until then see get_status.',
    );
  }
}
