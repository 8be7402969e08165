import type { Command } from '../../session/commands/commands.ts';
import type { Refused } from '../../session/commands/judge-kind.ts';
import type { CommandOutcome, Handler } from '../core/command-outcome.ts';
import type { Worker } from '../core/worker.ts';
import { merge, rewind } from './branch.ts';
import { archive, discard, unarchive } from './finish.ts';
import { answer, approve, takeChangeRequest } from './gate-commands.ts';
import { resume } from './resume.ts';
import { message, start, stop } from './running.ts';

const HANDLERS: { readonly [K in Command['kind']]: Handler<K> } = {
  start,
  answer,
  approve,
  request_changes: takeChangeRequest,
  message,
  stop,
  resume,
  archive,
  unarchive,
  merge,
  discard,
  rewind,
};

export async function handle(worker: Worker, command: Command): Promise<CommandOutcome | Refused> {
  // The table's entry is the one of this command's kind, which indexing by a union can't say.
  return await (HANDLERS[command.kind] as Handler<Command['kind']>)(worker, command);
}
