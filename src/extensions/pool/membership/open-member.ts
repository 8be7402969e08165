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
import type { HostInfo, Oid } from '../board/board.ts';
import { remoteGit } from '../board/git-remote.ts';
import type { PostgresBoard } from '../board/postgres-board.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { joinedPool, type Membership } from '../pool-file.ts';
import { POOL_ROWS } from '../settings.ts';
import { PoolStates } from '../states/pool-states.ts';
import { type MemberParts, POOL_TIMES, type PoolTimes } from './member-parts.ts';
import { remoteOf } from './require-membership.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The root commit that identifies a repository in all its clones. */
export async function rootCommit(mainRepo: string, env: Environment): Promise<Oid> {
  const list = ['rev-list', '--max-parents=0', 'HEAD'];
  return (await gitLine(list, remoteGit(mainRepo, env))).split('\n').sort()[0] ?? '';
}

/** Long enough to push large states, and shorter than a lease. */
const LIMIT_MS = 30_000;

type Callbacks = Pick<MemberParts, 'supervisor' | 'say' | 'report' | 'status' | 'wake'>;

export async function openMember(
  membership: Membership,
  context: ActionContext,
  callbacks: Callbacks,
): Promise<MemberParts & AsyncDisposable> {
  const { clock, host, env } = context;
  const { login: id, name, config, project, leaving, database, remote: url, prefix } = joinedPool(membership);
  const found = await trustedProject(membership, context);
  const { mainRepo, values } = found;
  const times = timesFrom(env);
  const { remote, git } = remoteOf(
    { remote: url, prefix },
    mainRepo,
    context,
    Math.min(LIMIT_MS, times.leaseMs),
  );
  const place = {
    mainRepo,
    configPath: config,
    sessionsDir: values.sessions,
    worktreesDir: values.worktrees,
  };
  const offer = await offerOf(membership, found, context);
  const hostInfo: HostInfo = { id, name, project, version: __VERSION__, ...offer };
  const states = new PoolStates({ git, hostInfo, clock });
  const board = await databaseOf({ database }, context, times.leaseMs);
  const parts = {
    ...callbacks,
    context,
    hostInfo,
    board,
    remote,
    states,
    place,
    git,
    clock,
    host,
    times,
    ownSettings: () => settingsNow(membership, context),
    slots: offer.slots,
    poolDays: valuesOf(POOL_ROWS, values).poolDays,
    isLeaving: leaving ?? false,
  };
  const offered = {
    ...parts,
    readAgain: async () => {
      const now = await trustedProject(membership, context).catch((error: unknown) => {
        // Until the project can be read and is trusted again, this machine claims nothing.
        offered.slots = 0;
        throw error;
      });
      const made = await offerOf(membership, now, context);
      Object.assign(offered, { slots: made.slots, poolDays: valuesOf(POOL_ROWS, now.values).poolDays });
      // The states have the same object.
      Object.assign(hostInfo, made);
    },
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

/** What this machine offers to sessions. */
async function offerOf(
  { slots }: Pick<Membership, 'slots'>,
  project: Project,
  context: ActionContext,
): Promise<Pick<HostInfo, 'labels' | 'slots' | 'level'>> {
  const level = await sandboxLevel(project, context);
  const labels = [...Object.keys(await clisOf(project, context)), ...LABELS[level]];
  return { labels, slots: slots ?? project.values.maxParallel ?? 2, level };
}

async function clisOf(project: Project, context: ActionContext) {
  return await installedClis(project, providerNames(), context);
}

/** The database of a pool, as this machine. Loads the library for it only here. */
export async function databaseOf(
  { database }: { database: string },
  { host, home, clock }: Pick<ActionContext, 'host' | 'home' | 'clock'>,
  leaseMs = POOL_TIMES.leaseMs,
): Promise<PostgresBoard> {
  const { PostgresBoard } = await import('../board/postgres-board.ts');
  const instance = fingerprint(host.bootId, host.pidNamespace, home);
  return new PostgresBoard({ database, instance, clock, leaseMs, limitMs: Math.min(LIMIT_MS, leaseMs) / 3 });
}

/** The intervals of the pool. Fault tests override them. */
function timesFrom({ SAMOCODE_POOL_TIMES: given }: Environment): PoolTimes {
  return given === undefined || !__FAULTS__ ? POOL_TIMES : { ...POOL_TIMES, ...JSON.parse(given) };
}

/** The sandbox levels that a machine offers to sessions. */
const LABELS = { off: [], guard: ['guard'], strict: ['guard', 'strict'] } as const;

async function sandboxLevel(project: Project, context: ActionContext): Promise<HostInfo['level']> {
  const { level } = await guardNow(guardedProject(project), context);
  if (level === 'strict') return level;
  return isGuarded(level) ? 'guard' : 'off';
}
