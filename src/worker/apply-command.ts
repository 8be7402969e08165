import type { Refused } from '../session/commands/refused.ts';
import type { Command } from '../session/commands.ts';
import type { CommandOutcome } from './command-outcome.ts';
import { answer } from './commands/answer.ts';
import { approve, requestChanges } from './commands/approve.ts';
import { archive, unarchive } from './commands/finish.ts';
import { message } from './commands/message.ts';
import { resume } from './commands/resume.ts';
import { rewind } from './commands/rewind.ts';
import { start } from './commands/start.ts';
import { stop } from './commands/stop.ts';
import type { Worker } from './worker.ts';

/** Hands a command to the file of its kind; nothing is written yet. */
export async function applyCommand(worker: Worker, command: Command): Promise<CommandOutcome | Refused> {
  switch (command.kind) {
    case 'start':
      return start(worker, command);
    case 'answer':
      return await answer(worker, command);
    case 'approve':
      return await approve(worker, command);
    case 'request_changes':
      return await requestChanges(worker, command);
    case 'message':
      return await message(worker, command);
    case 'stop':
      return await stop(worker, command);
    case 'resume':
      return await resume(worker, command);
    case 'archive':
      return await archive(worker, command);
    case 'unarchive':
      return await unarchive(worker, command);
    case 'rewind':
      return await rewind(worker, command);
    default:
      return command satisfies never;
  }
}
