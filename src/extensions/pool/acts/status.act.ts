import { dirname } from 'node:path';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { ProjectQuestion } from '../../../core/caller/context/find-project-for.ts';
import type { KnownPool } from '../../../core/caller/context/pools.ts';
import { stuckText } from '../../../core/caller/facts/session-facts.ts';
import { workerReport } from '../../../core/caller/facts/worker-report.ts';
import { age } from '../../../core/kernel/durations.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { readAllSessions } from '../../../core/session/folder/session-list.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { remoteGit } from '../board/git-remote.ts';
import { machinesOf, type PoolFacts, type ShownMachine } from '../membership/machines.ts';
import { type PoolStatus, readPoolStatus } from '../membership/pool-status.ts';
import { membershipOf } from '../membership/require-membership.ts';
import { statusPath } from '../membership/run-members.ts';
import { joinedPool, type Membership, poolFilePath, readPoolFile } from '../pool-file.ts';
import { leftBehindByFetched } from '../states/left-behind.ts';

export interface PoolSession {
  session: string;
  /** Undefined until this machine has a copy of the session. */
  view?: SessionView;
  host?: string;
  status?: string;
  iteration?: number;
  publishedAt?: string;
  unpublishedSince?: string;
  /** What is not in the published state, a sentence each. */
  left: string[];
}

export interface PoolReport {
  machines: ShownMachine[];
  sessions: PoolSession[];
  /** One sentence each. */
  problems: string[];
  /** When this machine last read the pool successfully. */
  lookedAt?: string;
  /** The copies of sessions that this machine has for the pool. */
  disk?: PoolStatus['disk'];
}

export async function poolStatus(question: ProjectQuestion, context: ActionContext): Promise<PoolReport> {
  const { membership, project } = await membershipOf(question, context);
  joinedPool(membership);
  const views = await readAllSessions(project.values.sessions, context.host);
  const left = await leftBehindByFetched(remoteGit(project.mainRepo, context.env));
  const { status, ...report } = await machinesReport(membership, context);
  const sessions = (status?.sessions ?? []).map(({ id, folder, host, wanted: _, needs: __, ...shown }) => {
    const view = views.find(({ sessionFile }) => sessionFile?.id === id);
    const name = report.machines.find((machine) => machine.id === host)?.name ?? host;
    return { session: view?.folder ?? folder, view, host: name, ...shown, left: left.get(id) ?? [] };
  });
  const problems = [...report.problems, ...(await stuckProblems(sessions, context))];
  return { ...report, problems, sessions, lookedAt: status?.lookedAt, disk: status?.disk };
}

/** Why sessions that this machine has do not continue. */
async function stuckProblems(sessions: readonly PoolSession[], context: ActionContext): Promise<string[]> {
  const problems = sessions.map(async ({ view }) => {
    const report = view?.needsWorker ? await workerReport(view, context) : undefined;
    return view && report?.worker === 'gone' ? [`${view.folder}: ${stuckText(report)}`] : [];
  });
  return (await Promise.all(problems)).flat();
}

/** The pools of this machine, from its own files. */
export async function knownPools(context: ActionContext): Promise<KnownPool[]> {
  const file = await readPoolFile(context.home);
  return await Promise.all((file?.pools ?? []).map((membership) => knownPool(membership, context)));
}

async function knownPool(membership: Membership, context: ActionContext): Promise<KnownPool> {
  const projectDir = dirname(membership.config);
  const { machines, problems } = await machinesReport(membership, context);
  return { projectDir, machines: machines.filter(({ isRemoved }) => !isRemoved), problems };
}

/** The machines and problems of a pool, from the files of this machine. */
async function machinesReport(
  membership: Membership,
  context: ActionContext,
): Promise<Pick<PoolReport, 'machines' | 'problems'> & { status: PoolStatus | undefined }> {
  const status = await readPoolStatus(statusPath(membership, context));
  const nowMs = context.clock.now();
  const supervisor = supervisorNow(status, statsAt(poolFilePath(context.home))?.mtimeMs ?? 0, nowMs);
  const { login: self = '', leaving: isLeaving = false } = membership;
  const machines = machinesOf({ self, status, supervisor, nowMs, isLeaving });
  const failed = (status?.problems ?? []).map(({ of, text }) => {
    const session = status?.sessions.find(({ id }) => id === of)?.folder ?? of;
    return session === 'pool' ? text : `${session}: ${text}`;
  });
  return { status, machines, problems: [...quietProblem(supervisor), ...failed] };
}

/** Longer than several renewals. */
const QUIET_MS = 180_000;

/**
 * @param joinedMs when the list of this machine's pools last changed: the supervisor then starts its memberships again
 * @returns undefined if it has looked at the pool lately
 */
export function supervisorNow(
  status: Pick<PoolStatus, 'at'> | undefined,
  joinedMs: number,
  nowMs: number,
): PoolFacts['supervisor'] {
  const atMs = status === undefined ? undefined : Date.parse(status.at);
  if (nowMs - Math.max(atMs ?? 0, joinedMs) > QUIET_MS)
    return { kind: 'quiet', ...(atMs !== undefined && { msAgo: nowMs - atMs }) };
  return atMs === undefined || atMs < joinedMs ? { kind: 'starting' } : undefined;
}

function quietProblem(supervisor: PoolFacts['supervisor']): string[] {
  if (supervisor?.kind === 'starting') return ['The supervisor of this machine starts to take part.'];
  if (supervisor === undefined) return [];
  const { msAgo } = supervisor;
  const since = msAgo === undefined ? '' : ` for ${age(msAgo)}`;
  return [`The supervisor of this machine has not looked at the pool${since}: see "samocode supervisor".`];
}
