import type { PlanServer } from './bodies/positions.ts';
import type { EventOf } from './events.ts';
import type { SessionState } from './state.ts';

/** Approvals that are remembered: a rewind may go back to an earlier plan. */
const MOST_PLANS = 20;

type Servers = Pick<SessionState, 'planServers'>;

/** The state with the servers of a plan that is approved now, by its hash. */
export function withServers(
  { planServers = [] }: Servers,
  { plan: { hash }, servers = [] }: Pick<EventOf<'plan_approved'>, 'plan' | 'servers'>,
): Servers {
  const others = planServers.filter((each) => each.hash !== hash);
  const all = servers.length === 0 ? others : [...others, { hash, servers }];
  return { planServers: all.length === 0 ? undefined : all.slice(-MOST_PLANS) };
}

/** The MCP servers that were accepted with the plan which is approved now; none while another one is written. */
export function acceptedServers({
  approvedPlan,
  planServers = [],
}: Pick<SessionState, 'approvedPlan' | 'planServers'>): readonly PlanServer[] {
  return planServers.find(({ hash }) => hash === approvedPlan?.hash)?.servers ?? [];
}
