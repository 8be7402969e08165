import type { Phase } from '../../phases/table.ts';
import { isHashOf } from '../documents/plan.ts';
import type { PlanVersion } from '../events/bodies/positions.ts';
import type { Channel } from '../events/bodies/who-acted.ts';
import type { SessionState } from '../events/state.ts';
import { closedChannel } from './closed-channel.ts';
import type { CommandOf } from './commands.ts';
import { GATE_ERRORS } from './gate-errors.ts';
import { refusedServers } from './judge-servers.ts';
import { type Refused, refused, refusedForStatus } from './refused.ts';

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
  const closed = closedChannel(command.by, gateChannels, 'The plan was not approved.');
  if (closed) return closed;
  if (plan === undefined) return refused(GATE_ERRORS.no_plan());
  if (command.hash !== undefined && !isHashOf(command.hash, plan.hash))
    return refused(GATE_ERRORS.plan_changed({ name: plan.name }));
  const unaccepted = refusedServers(command.by, plan, gateChannels);
  if (unaccepted) return unaccepted;
  const { name, text, hash } = plan;
  return { kind: 'accepted', plan: { name, hash }, text, phase: status.resumePhase };
}

/** For whatever is decided about a plan that does not wait. */
export function noPlanWaits(): Refused {
  return refusedForStatus(GATE_ERRORS.not_waiting({ for: 'plan' }));
}
