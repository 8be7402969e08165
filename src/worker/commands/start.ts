import { plainText } from '../../base/files/plain-file.ts';
import type { CommandOf } from '../../session/commands/commands.ts';
import { judgeStart } from '../../session/commands/judge-start.ts';
import type { Refused } from '../../session/commands/refused.ts';
import { MAX_SESSION_FILE_BYTES } from '../../session/events/session-file.ts';
import type { CommandOutcome } from '../core/command-outcome.ts';
import { stateOf, type Worker } from '../core/worker.ts';

/** Makes the session exist; its folder, notebook and worktree are the worker's next step. */
export async function start(worker: Worker, command: CommandOf<'start'>): Promise<CommandOutcome | Refused> {
  const verdict = judgeStart(command, stateOf(worker), {
    ...worker.file.settings,
    handedOver: worker.file.handedOver,
  });
  if (verdict.kind === 'refused') return verdict;
  const { id, task, dive, adopted, sandbox } = worker.file;
  const text = await plainText(worker.paths.sessionFile, MAX_SESSION_FILE_BYTES);
  const subject = task ?? dive ?? worker.file.folder;
  return {
    events: [
      {
        type: 'session_created',
        sessionId: id,
        runWanted: command.run,
        by: command.by,
        file: text,
        sandbox,
        ...(!adopted && { flow: `Session started: ${subject.split('\n')[0]}` }),
      },
    ],
  };
}
