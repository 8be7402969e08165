import { type By, type Channel, PERSONAL } from '../events/bodies/who-acted.ts';
import { planServers } from '../servers/plan-servers.ts';
import { personChannels } from './closed-channel.ts';
import { GATE_ERRORS } from './gate-errors.ts';
import { type Refused, refused } from './refused.ts';

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
