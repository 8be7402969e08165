import type { CommandOf } from '../../session/commands.ts';
import { type CommandOutcome, Refusal } from '../command-outcome.ts';
import type { Worker } from '../worker.ts';

export async function archive(
  _worker: Worker,
  _command: CommandOf<'archive'>,
): Promise<CommandOutcome | Refusal> {
  return new Refusal(
    'not_built',
    'Archiving is not built yet.',
    'Move the folder by hand while the session is stopped.',
  );
}
