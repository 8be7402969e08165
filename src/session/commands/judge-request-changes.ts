import type { Channel } from '../events/bodies/who-acted.ts';
import type { SessionState } from '../events/state.ts';
import { closedChannel } from './closed-channel.ts';
import type { CommandOf } from './commands.ts';
import { GATE_ERRORS } from './gate-errors.ts';
import { noPlanWaits } from './judge-approve.ts';
import { type Refused, refused } from './refused.ts';

export interface RequestChangesFacts {
  gateChannels: readonly Channel[];
  /** Right after an adoption it lets planning run behind the first gate, and so opens that one. */
  opensFirstGate: boolean;
}

/** Whether the plan goes back to planning. Mostly it opens no gate, so that every channel may ask for it. */
export function judgeRequestChanges(
  { feedback, by }: Pick<CommandOf<'request_changes'>, 'feedback' | 'by'>,
  { status }: Pick<SessionState, 'status'>,
  { gateChannels, opensFirstGate }: RequestChangesFacts,
): { kind: 'accepted' } | Refused {
  if (status.kind !== 'waiting' || status.for !== 'plan_approval') return noPlanWaits();
  const closed = opensFirstGate ? closedChannel(by, gateChannels, 'The plan was not sent back.') : undefined;
  if (closed) return closed;
  if (feedback.trim() !== '') return { kind: 'accepted' };
  return refused(GATE_ERRORS.empty_feedback());
}
