import { decode } from '../base/change-file.ts';
import { SamocodeError } from '../base/errors.ts';
import { readPlainFile } from '../base/plain-file.ts';
import type { ActionContext } from './context.ts';
import { findSession, type SessionQuestion } from './find-session.ts';

const MAX_NOTEBOOK_BYTES = 4 * 1024 * 1024;

/** The text of a session's `_overview.md`. @throws SessionNotFoundError, NoNotebookError */
export async function readNotebook(question: SessionQuestion, context: ActionContext): Promise<string> {
  const { paths } = await findSession(question, context);
  const reading = await readPlainFile(paths.overview, MAX_NOTEBOOK_BYTES);
  if (reading.kind !== 'bytes') throw new NoNotebookError(paths.folder);
  return decode(reading.bytes);
}

class NoNotebookError extends SamocodeError {
  readonly code = 'no_notebook';

  constructor(folder: string) {
    super(
      `The notebook of ${folder} can't be read.`,
      'There is no plain file _overview.md in its folder.',
      'It is written again with the next iteration; until then see get_status.',
    );
  }
}
