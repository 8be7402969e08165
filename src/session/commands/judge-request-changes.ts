import type { CommandOf } from '../commands.ts';
import type { SessionState } from '../state.ts';
import { noPlanWaits } from './judge-approve.ts';
import { type Refused, refused } from './refused.ts';

/** Whether the plan goes back to planning. It opens no gate, so every channel may ask for it. */
export function judgeRequestChanges(
  { feedback }: Pick<CommandOf<'request_changes'>, 'feedback'>,
  { status }: Pick<SessionState, 'status'>,
): { kind: 'accepted' } | Refused {
  if (status.kind !== 'waiting' || status.for !== 'plan_approval') return noPlanWaits();
  if (feedback.trim() !== '') return { kind: 'accepted' };
  return refused('empty_feedback', {
    what: 'Nothing was sent back.',
    why: 'No change was named.',
    hint: 'Say what should be different in the plan.',
  });
}
