import type { CommandOf } from '../../session/commands.ts';
import { type CommandOutcome, Refusal } from '../command-outcome.ts';
import { stateOf, type Worker } from '../worker.ts';

/** Makes the session exist; its folder, notebook and worktree are the worker's next step. */
export function start(worker: Worker, command: CommandOf<'start'>): CommandOutcome | Refusal {
  if (stateOf(worker).createdAt !== undefined) {
    return new Refusal(
      'already_started',
      'The session was started before.',
      'Use resume_session to go on with it.',
    );
  }
  const { id, task, dive, adopted } = worker.file;
  const text = worker.kept.textOf(worker.paths.sessionFile);
  const subject = task ?? dive ?? worker.file.folder;
  return {
    events: [
      {
        type: 'session_created',
        sessionId: id,
        runWanted: command.run,
        ...(text !== undefined && { file: text }),
        ...(!adopted && { flow: `Session started: ${subject.split('\n')[0]}` }),
      },
    ],
  };
}
