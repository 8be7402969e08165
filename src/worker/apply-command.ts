import type { Command } from '../session/commands.ts';
import type { NewEvent } from '../session/events.ts';
import { answer } from './commands/answer.ts';
import { approve, requestChanges } from './commands/approve.ts';
import { archive } from './commands/archive.ts';
import { message } from './commands/message.ts';
import { resume } from './commands/resume.ts';
import { start } from './commands/start.ts';
import { stop } from './commands/stop.ts';
import type { Worker } from './worker.ts';

/** What a command comes to: events that are written with its acceptance, and work that follows them. */
export interface CommandOutcome {
  events: readonly NewEvent[];
  after?: () => Promise<void>;
}

/** A no, in words for whoever asked. */
export class Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string;

  constructor(code: string, message: string, hint: string) {
    this.code = code;
    this.message = message;
    this.hint = hint;
  }
}

export async function applyCommand(worker: Worker, command: Command): Promise<CommandOutcome | Refusal> {
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
      return stop(worker, command);
    case 'resume':
      return await resume(worker, command);
    case 'archive':
      return await archive(worker, command);
    default:
      return command satisfies never;
  }
}
