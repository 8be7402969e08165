import { join } from 'node:path';
import { ensurePlainFolder } from '../../base/append-lines.ts';
import { writeWhole } from '../../base/atomic-file.ts';
import { stampsAt } from '../../base/stamps.ts';
import type { CommandOf } from '../../session/commands.ts';
import { inboxFileName, inboxMessage } from '../../session/inbox.ts';
import { type CommandOutcome, Refusal } from '../command-outcome.ts';
import { stateOf, type Worker } from '../worker.ts';

/** Keeps guidance from the human for the next child. */
export async function message(
  worker: Worker,
  command: CommandOf<'message'>,
): Promise<CommandOutcome | Refusal> {
  const { id, by, text, at } = command;
  if (text.trim() === '')
    return new Refusal('empty_message', 'The message is empty.', 'Say what the child should know.');
  if (stateOf(worker).status.kind === 'done') {
    const hint = 'If there is new work, give it to resume_session as goal.';
    return new Refusal('done', 'The session is done: no agent comes that could read it.', hint);
  }
  const { file: stamp } = stampsAt(Date.parse(at));
  const file = inboxFileName({ stamp, id });
  ensurePlainFolder(worker.paths.inbox);
  await writeWhole(join(worker.paths.inbox, file), inboxMessage({ id, stamp, channel: by.channel, text }));
  return {
    events: [{ type: 'message_kept', by, id, file, flow: `Message from the human: ${text.split('\n')[0]}` }],
  };
}
