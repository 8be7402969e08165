import type { Command } from '../../session/commands/commands.ts';
import type { Refused } from '../../session/commands/refused.ts';
import type { CommandOutcome } from '../core/command-outcome.ts';
import type { Worker } from '../core/worker.ts';
import { answer } from './answer.ts';
import { approve, takeChangeRequest } from './approve.ts';
import { archive, unarchive } from './finish.ts';
import { message } from './message.ts';
import { resume } from './resume.ts';
import { rewind } from './rewind.ts';
import { start } from './start.ts';
import { stop } from './stop.ts';

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
      return await takeChangeRequest(worker, command);
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
