import { join } from 'node:path';
import { ensurePlainFolder } from '../../base/files/append-lines.ts';
import { writeWhole } from '../../base/files/atomic-file.ts';
import { stampsAt } from '../../base/files/stamps.ts';
import type { CommandOf } from '../../session/commands/commands.ts';
import { judgeMessage } from '../../session/commands/judge-message.ts';
import type { Refused } from '../../session/commands/refused.ts';
import { inboxFileName, inboxMessage } from '../../session/documents/inbox.ts';
import type { CommandOutcome } from '../core/command-outcome.ts';
import { stateOf, type Worker } from '../core/worker.ts';

/** Keeps guidance from the human for the next child. */
export async function message(
  worker: Worker,
  command: CommandOf<'message'>,
): Promise<CommandOutcome | Refused> {
  const verdict = judgeMessage(command, stateOf(worker));
  if (verdict.kind === 'refused') return verdict;
  const { id, by, text, at } = command;
  const { file: stamp } = stampsAt(Date.parse(at));
  const file = inboxFileName({ stamp, id });
  // Before the event that names it: a file without its event is never delivered.
  ensurePlainFolder(worker.paths.inbox);
  await writeWhole(join(worker.paths.inbox, file), inboxMessage({ id, stamp, channel: by.channel, text }));
  return {
    events: [{ type: 'message_kept', by, id, file, flow: `Message from the human: ${text.split('\n')[0]}` }],
  };
}
