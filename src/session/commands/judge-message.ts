import type { CommandOf } from '../commands.ts';
import type { SessionState } from '../state.ts';
import { type Refused, refused } from './refused.ts';

/** Whether an agent will come that can read a message. */
export function judgeMessage(
  { text }: Pick<CommandOf<'message'>, 'text'>,
  { status }: Pick<SessionState, 'status'>,
): { kind: 'accepted' } | Refused {
  if (text.trim() === '') {
    const hint = 'Say what the agent should know.';
    return refused('empty_message', { what: NOTHING, why: 'The message is empty.', hint });
  }
  if (status.kind !== 'done') return { kind: 'accepted' };
  return refused('done', {
    what: NOTHING,
    why: 'The session is done: no agent comes that could read it.',
    hint: 'If there is new work, give it to resume_session as goal.',
  });
}

const NOTHING = 'Nothing was kept.';
