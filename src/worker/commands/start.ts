import { judgeStart } from '../../session/commands/judge-start.ts';
import type { CommandOf } from '../../session/commands.ts';
import { type CommandOutcome, type Refusal, refusalOf } from '../command-outcome.ts';
import { stateOf, type Worker } from '../worker.ts';

/** Makes the session exist; its folder, notebook and worktree are the worker's next step. */
export function start(worker: Worker, command: CommandOf<'start'>): CommandOutcome | Refusal {
  const verdict = judgeStart(command, stateOf(worker), worker.file.settings);
  if (verdict.kind === 'refused') return refusalOf(verdict);
  const { id, task, dive, adopted, sandbox } = worker.file;
  const text = worker.kept.textOf(worker.paths.sessionFile);
  const subject = task ?? dive ?? worker.file.folder;
  return {
    events: [
      {
        type: 'session_created',
        sessionId: id,
        runWanted: command.run,
        by: command.by,
        ...(text !== undefined && { file: text }),
        ...(sandbox && { sandbox }),
        ...(!adopted && { flow: `Session started: ${subject.split('\n')[0]}` }),
      },
    ],
  };
}
