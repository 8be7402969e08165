import type { SessionState } from '../events/state.ts';
import { COMMAND_ERRORS } from './command-errors.ts';
import type { CommandOf } from './commands.ts';
import { type Refused, refused } from './refused.ts';

/** Whether an agent will come that can read a message. */
export function judgeMessage(
  { text }: Pick<CommandOf<'message'>, 'text'>,
  { status }: Pick<SessionState, 'status'>,
): { kind: 'accepted' } | Refused {
  if (text.trim() === '') return refused(COMMAND_ERRORS.empty_message());
  return status.kind === 'done' ? refused(COMMAND_ERRORS.done()) : { kind: 'accepted' };
}
