import type { Phase } from '../../phases/table.ts';
import { isHashOf } from '../documents/plan.ts';
import type { PlanVersion } from '../events/bodies/positions.ts';
import { type By, type Channel, PERSONAL } from '../events/bodies/who-acted.ts';
import type { SessionState } from '../events/state.ts';
import { planServers } from '../servers/plan-servers.ts';
import { closedChannel, personChannels } from './closed-channel.ts';
import type { CommandOf } from './commands.ts';
import { GATE_ERRORS } from './gate-errors.ts';
import { type Refused, refused, refusedForStatus } from './refused.ts';

interface ApproveFacts {
  /** The plan as it stands now; absent when it is gone. */
  plan?: { name: string; text: string; hash: string } | undefined;
  gateChannels: readonly Channel[];
}

type ApproveVerdict =
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

/**
 * Why whoever approves a plan may not accept the MCP servers that it proposes; undefined: they may. Ready entries of ours
 * are accepted with the plan. A command of the plan was written by a model and runs as the person: only a person who
 * decides about this plan accepts it, and no choice of a start, which was made before there was a plan.
 */
export function refusedServers(
  by: By,
  { name, text }: { name: string; text: string },
  gateChannels: readonly Channel[],
): Refused | undefined {
  const { servers, problems } = planServers(text);
  if (problems.length > 0) return refused(GATE_ERRORS.servers_unclear({ name, problems }));
  const own = servers.flatMap((each) => (each.command === undefined ? [] : [each.name]));
  if (own.length === 0 || (PERSONAL.includes(by.channel) && !by.atStart)) return undefined;
  return refused(GATE_ERRORS.servers_need_person({ servers: own, persons: personChannels(gateChannels) }));
}

/**
 * Whether the plan goes back to planning. That opens no gate, so every channel may ask for it; before the first agent of
 * the session it lets planning run behind answers that nobody has confirmed.
 */
export function judgeRequestChanges(
  { feedback, by }: Pick<CommandOf<'request_changes'>, 'feedback' | 'by'>,
  { status, prepared }: Pick<SessionState, 'status' | 'prepared'>,
  { gateChannels }: Pick<ApproveFacts, 'gateChannels'>,
): { kind: 'accepted' } | Refused {
  if (status.kind !== 'waiting' || status.for !== 'plan_approval') return noPlanWaits();
  const closed = prepared ? undefined : closedChannel(by, gateChannels, 'The plan was not sent back.');
  if (closed) return closed;
  if (feedback.trim() !== '') return { kind: 'accepted' };
  return refused(GATE_ERRORS.empty_feedback());
}

/** For whatever is decided about a plan that does not wait. */
function noPlanWaits(): Refused {
  return refusedForStatus(GATE_ERRORS.not_waiting({ for: 'plan' }));
}
