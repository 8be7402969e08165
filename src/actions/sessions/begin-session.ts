import { NOT_IN_LOGIN_SHELL } from '../../session/events/notice-codes.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { ACTION_ERRORS } from '../acting/action-errors.ts';
import { type AfterCommand, afterStart } from '../acting/after-command.ts';
import type { ActionContext } from '../acting/context.ts';
import { START_ERRORS } from '../acting/start-errors.ts';
import { makeRunFolder, removeUntakenFolder } from './make-run-folder.ts';
import type { NewSession } from './new-session.ts';

/** A session whose worker has taken its first command. */
export interface Begun {
  view: SessionView;
  file: SessionFile;
  /** About settings that have no effect or another one than it seems. */
  warnings: string[];
}

/**
 * Gives a session its run folder and its first worker.
 * @returns undefined where another start has taken its name in between
 * @throws worker_not_launched, worker_not_started: nothing is left behind. `pending`: it exists, and its worker is slow
 */
export async function beginSession(made: NewSession, context: ActionContext): Promise<Begun | undefined> {
  const { paths, file, start } = made;
  if (!(await makeRunFolder(paths, file, start))) return undefined;
  const { view, events } = await startWorker(made, context);
  const notices = events.flatMap((event) =>
    event.type === 'notice' && event.code === NOT_IN_LOGIN_SHELL ? [event.text] : [],
  );
  return { view, file, warnings: [...made.warnings, ...notices] };
}

const PREPARED = ['prepared', 'parked', 'done', 'blocked'] as const;
const AT_REST = ['stopped', 'parked', 'done', 'blocked'] as const;

async function startWorker({ paths, start }: NewSession, context: ActionContext): Promise<AfterCommand> {
  try {
    return await afterStart(paths, start, start.run ? PREPARED : AT_REST, context);
  } catch (error) {
    if (!(await removeUntakenFolder(paths, context))) throw error;
    throw ACTION_ERRORS.pending.is(error)
      ? START_ERRORS.worker_not_started({ program: context.programs.worker })
      : error;
  }
}
