import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { ProjectQuestion } from '../../../core/caller/context/find-project-for.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import type { SessionView } from '../../../core/session/events/session-view.ts';
import { readAllSessions } from '../../../core/session/session-list.ts';
import { readPoolStatus } from '../pool-status.ts';
import { type KnownMachine, machinesOf } from './members.act.ts';
import { membershipOf } from './membership.ts';
import { statusPath } from './run-members.ts';

export interface PoolSession {
  session: string;
  /** Undefined until this machine has a copy of the session. */
  view?: SessionView;
  host?: string;
  publishedAt?: string;
  unpublishedSince?: string;
}

export interface PoolReport {
  members: KnownMachine[];
  sessions: PoolSession[];
  /** One sentence each. */
  problems: string[];
}

/** Reports what this machine knows about the project's pool. */
export async function poolStatus(question: ProjectQuestion, context: ActionContext): Promise<PoolReport> {
  const { membership, project } = await membershipOf(question, context);
  const { machines: members, problem } = await machinesOf(membership, project, context);
  const status = await readPoolStatus(statusPath(membership, context));
  const views = await readAllSessions(project.values.sessions, context.host);
  const sessions = (status?.sessions ?? []).map(({ id, folder, host, publishedAt, unpublishedSince }) => {
    const view = views.find(({ sessionFile }) => sessionFile?.id === id);
    const name = members.find((member) => member.id === host)?.name ?? host;
    return { session: view?.folder ?? folder, view, host: name, publishedAt, unpublishedSince };
  });
  const isQuiet = status === undefined || context.clock.now() - Date.parse(status.at) > QUIET_MS;
  const since = status === undefined ? '' : ` since ${status.at}`;
  const failed = (status?.problems ?? []).map(({ of, text }) => {
    const session = status?.sessions.find(({ id }) => id === of)?.folder ?? of;
    return session === 'pool' ? text : `${session}: ${text}`;
  });
  const quiet = `The supervisor of this machine has not looked at the pool${since}: see "samocode supervisor".`;
  return { members, sessions, problems: [...(isQuiet ? [quiet] : []), ...failed, ...textOf(problem)] };
}

/** Longer than several lease renewals. */
const QUIET_MS = 120_000;

function textOf(problem: unknown): string[] {
  if (problem === undefined) return [];
  return [isSamocodeError(problem) ? `${problem.what} ${problem.why} ${problem.hint}` : String(problem)];
}
