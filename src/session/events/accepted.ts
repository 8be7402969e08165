import type { Phase } from '../../phases/table.ts';
import type { PlanServer } from './bodies/positions.ts';
import type { EventOf } from './events.ts';
import type { SessionState, WaitingStatus } from './state.ts';

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

/** The option of the question about weakened checks that accepts them; not the first one, where a menu begins. */
export const ACCEPTS_WEAKENED = 'B';

/** So many of the newest: the state does not grow without end. */
const MOST_KEYS = 1000;

/** Where a session goes once its questions are answered: one who does not accept weakened checks sends the work back. */
export function afterWeakened(
  { answers, acceptedWeakenings = [], notes }: SessionState,
  { weakened, resumePhase }: WaitingStatus,
): { phase: Phase } & Partial<SessionState> {
  const answer = weakened && answers.find(({ id }) => id === weakened.question);
  if (weakened === undefined || answer === undefined) return { phase: resumePhase };
  if (answer.text === ACCEPTS_WEAKENED) {
    const accepted = new Set([...acceptedWeakenings, ...weakened.keys]);
    return { phase: resumePhase, acceptedWeakenings: [...accepted].slice(-MOST_KEYS) };
  }
  const note = `A person did not accept the changed checks that ${answer.id} of _qa.md lists: bring them back as they were, unless the answer there says otherwise.`;
  return { phase: 'implementation', notes: [...notes, note] };
}
