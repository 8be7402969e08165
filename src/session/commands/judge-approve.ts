import type { Phase } from '../../phases/table.ts';
import type { CommandOf } from '../commands.ts';
import type { Channel, PlanVersion } from '../event-types.ts';
import { isHashOf } from '../plan.ts';
import type { SessionState } from '../state.ts';
import { closedChannel } from './closed-channel.ts';
import { type Refused, refused } from './refused.ts';

export interface ApproveFacts {
  /** The plan as it stands now; absent when it is gone. */
  plan?: { name: string; text: string; hash: string } | undefined;
  gateChannels: readonly Channel[];
}

export type ApproveVerdict =
  /** `phase`: where the session goes. */
  { kind: 'accepted'; plan: PlanVersion; text: string; phase: Phase } | Refused;

/** What an approval of the plan comes to: the human act that opens the second gate. Nothing is written here. */
export function judgeApprove(
  command: Pick<CommandOf<'approve'>, 'by' | 'hash'>,
  { status }: Pick<SessionState, 'status'>,
  { plan, gateChannels }: ApproveFacts,
): ApproveVerdict {
  if (status.kind !== 'waiting' || status.for !== 'plan_approval') return noPlanWaits();
  const closed = closedChannel(command.by, gateChannels, NOTHING);
  if (closed) return closed;
  if (plan === undefined) {
    const why = 'The plan document is gone.';
    return refused('no_plan', { what: NOTHING, why, hint: 'Ask for a new one with request_changes.' });
  }
  if (command.hash !== undefined && !isHashOf(command.hash, plan.hash)) {
    return refused('plan_changed', {
      what: NOTHING,
      why: `The hash is not that of the plan that waits, ${plan.name}.`,
      hint: 'Call read_plan, show the person what stands there now, and ask again.',
    });
  }
  const { name, text, hash } = plan;
  return { kind: 'accepted', plan: { name, hash }, text, phase: status.resumePhase };
}

const NOTHING = 'Nothing was approved.';

/** For whatever is decided about a plan that does not wait. */
export function noPlanWaits(): Refused {
  const what = 'The session does not wait for approval of a plan.';
  return refused('not_waiting', { what, why: 'No plan waits now.', isStatus: true });
}
