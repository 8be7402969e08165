import { isDeepStrictEqual } from 'node:util';
import { freezeSettings } from '../../../core/acts/sessions/freeze-settings.ts';
import { providerNames } from '../../../core/agents/registry.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { installedClis } from '../../../core/caller/refusals/agent-clis.ts';
import { guardedProject, guardNow } from '../../../core/caller/refusals/sandbox-now.ts';
import { fingerprint } from '../../../core/kernel/files/fingerprint.ts';
import { isGuarded } from '../../../core/kernel/sandbox-level.ts';
import { type Project, readProject } from '../../../core/project/finding/open-project.ts';
import { trustIn } from '../../../core/project/finding/trust.ts';
import { gitLine } from '../../../core/project/git/git.ts';
import { valuesOf } from '../../../core/project/settings/settings.ts';
import { HostSettings } from '../../../core/session/events/bodies/positions.ts';
import type { Board, HostInfo, Oid } from '../board/board.ts';
import { remoteGit } from '../board/git-remote.ts';
import type { PostgresBoard, PostgresBoardPlan } from '../board/postgres-board.ts';
import { RemoteBoard } from '../board/remote-board.ts';
import { hostKey } from '../members/host-keys.ts';
import { type JoinRequest, publishJoinRequest } from '../members/join-request.ts';
import { nameOf } from '../members/member-list.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { type Membership, membershipFolder } from '../pool-file.ts';
import { POOL_ROWS } from '../settings.ts';
import { PoolStates } from '../states/pool-states.ts';
import { type MemberParts, POOL_TIMES, type PoolTimes } from './member-parts.ts';
import { poolAt } from './require-membership.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The root commit that identifies a repository in all its clones. */
export async function rootCommit(mainRepo: string, env: Environment): Promise<Oid> {
  const list = ['rev-list', '--max-parents=0', 'HEAD'];
  return (await gitLine(list, remoteGit(mainRepo, env))).split('\n').sort()[0] ?? '';
}

/** Long enough to push large states, and shorter than a lease. */
const LIMIT_MS = 30_000;

interface Callbacks extends Pick<MemberParts, 'supervisor' | 'say' | 'report' | 'status' | 'wake'> {
  /** A file that ends the wait for the next look of a board on the remote. */
  bell?: string;
}

export async function openMember(
  membership: Membership,
  context: ActionContext,
  { bell, ...callbacks }: Callbacks,
): Promise<MemberParts & { publishJoinRequest(): Promise<void> } & AsyncDisposable> {
  const { clock, host, home, env } = context;
  const { id, config, project, leaving, database } = membership;
  const found = await trustedProject(membership, context);
  const { mainRepo, values } = found;
  const times = timesFrom(env, database === undefined ? POOL_TIMES.remote : POOL_TIMES.database);
  const limitMs = Math.min(LIMIT_MS, times.leaseMs ?? LIMIT_MS);
  const { remote, git, folder, lists } = poolAt(membership, found, context, limitMs);
  const place = {
    mainRepo,
    configPath: config,
    sessionsDir: values.sessions,
    worktreesDir: values.worktrees,
  };
  let request = await joinRequestOf(membership, found, context);
  const { labels, slots, level, version } = request;
  const instanceId = fingerprint(host.bootId, host.pidNamespace, home);
  const name = await nameOf(membership, home);
  const hostInfo: HostInfo = { id, name, project, labels, instanceId, slots, level, version };
  const states = new PoolStates({ folder, lists, git, hostInfo, clock });
  const board: Board =
    database === undefined
      ? new RemoteBoard({ ...states.signing, remote, git, clock, bell })
      : await postgresBoard(database, { clock, leaseMs: times.leaseMs, signing: states.signing });
  const parts = {
    ...callbacks,
    context,
    hostInfo,
    board,
    remote,
    lists,
    states,
    place,
    git,
    clock,
    host,
    times,
    ownSettings: () => settingsNow(membership, context),
    slots,
    poolDays: valuesOf(POOL_ROWS, values).poolDays,
    isLeaving: leaving ?? false,
  };
  const publish = (made: JoinRequest) => publishJoinRequest(made, folder, { remote, git });
  const offered = {
    ...parts,
    readAgain: async () => {
      const now = await trustedProject(membership, context).catch((error: unknown) => {
        // Until the project can be read and is trusted again, this machine claims nothing.
        offered.slots = 0;
        throw error;
      });
      const made = await joinRequestOf(membership, now, context);
      Object.assign(offered, { slots: made.slots, poolDays: valuesOf(POOL_ROWS, now.values).poolDays });
      // The board and the states have the same object.
      Object.assign(hostInfo, { labels: made.labels, slots: made.slots, level: made.level });
      if (isDeepStrictEqual(made, request)) return;
      await publish(made);
      request = made;
    },
    publishJoinRequest: () => publish(request),
    [Symbol.asyncDispose]: () => board[Symbol.asyncDispose](),
  };
  return offered;
}

async function settingsNow(membership: Membership, context: ActionContext): Promise<HostSettings> {
  const project = await trustedProject(membership, context);
  const own = await freezeSettings(project, { folder: '', pool: true }, context);
  // A session can need agent CLIs other than those in this machine's `.samocode`.
  return HostSettings.parse({ ...own, cliPaths: await clisOf(project, context) });
}

/** The project as it is now. @throws if it cannot be read, or is not trusted */
async function trustedProject({ config }: Membership, { env, home }: ActionContext): Promise<Project> {
  const { project } = await readProject({ filePath: config, env, homeDir: home });
  if (project === undefined || (await trustIn(project, { home })).kind === 'untrusted')
    throw POOL_ERRORS.pool_not_here({ config });
  return project;
}

/** Who this machine is, and what it offers to sessions. */
export async function joinRequestOf(
  membership: Membership,
  project: Project,
  context: ActionContext,
): Promise<JoinRequest> {
  const { id, name, slots = project.values.maxParallel ?? 2 } = membership;
  const publicKey = await hostKey(membershipFolder(context.home, membership), context.env);
  const level = await sandboxLevel(project, context);
  const labels = [...Object.keys(await clisOf(project, context)), ...LABELS[level]];
  return { v: 1, id, name, publicKey, labels, slots, level, version: __VERSION__ };
}

async function clisOf(project: Project, context: ActionContext) {
  return await installedClis(project, providerNames(), context);
}

/** Loads the PostgreSQL library only if a pool uses a database. */
export async function postgresBoard(
  database: string,
  {
    clock,
    leaseMs = POOL_TIMES.database.leaseMs,
    signing,
  }: Pick<PostgresBoardPlan, 'clock' | 'signing'> & { leaseMs?: number },
): Promise<PostgresBoard> {
  const { PostgresBoard } = await import('../board/postgres-board.ts');
  return new PostgresBoard({ database, clock, leaseMs, limitMs: Math.min(LIMIT_MS, leaseMs) / 3, signing });
}

/** The intervals of the pool. Fault tests override them. */
function timesFrom({ SAMOCODE_POOL_TIMES: given }: Environment, times: PoolTimes): PoolTimes {
  return given === undefined || !__FAULTS__ ? times : { ...times, ...JSON.parse(given) };
}

/** The sandbox levels that a machine offers to sessions. */
const LABELS = { off: [], guard: ['guard'], strict: ['guard', 'strict'] } as const;

async function sandboxLevel(project: Project, context: ActionContext): Promise<HostInfo['level']> {
  const { level } = await guardNow(guardedProject(project), context);
  if (level === 'strict') return level;
  return isGuarded(level) ? 'guard' : 'off';
}
