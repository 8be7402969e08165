import { accessSync, constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { stampsAt } from '../../kernel/files/stamps.ts';
import { suspendedText } from '../../kernel/processes/host.ts';
import {
  type Presence,
  readPresence,
  type SupervisorPaths,
  supervisorPaths,
} from '../../sandbox/programs/supervisor-folder.ts';
import { readHeldUp } from '../../session/folder/held-up.ts';
import { isContinuedBy, readSession } from '../../session/folder/read-session.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import type { ActionContext } from '../context/context.ts';
import { REVIVAL_LIMIT, recentRevivals } from './recent-revivals.ts';
import { STARTING_MS, type WorkerReport, workerNow } from './worker-now.ts';

/** The facts about the supervisor that a report on a session needs; read from files only. */
export interface Watching {
  identity: string;
  /** `starting`: none is running yet, but one was just started or is about to be. */
  supervisor: Presence | { kind: 'starting' } | { kind: 'unwritable'; folder: string };
}

export async function readWatching({ home, host, env, clock }: ActionContext): Promise<Watching> {
  const paths = supervisorPaths(home, host);
  const supervisor = await readPresence(paths, host, env);
  return {
    identity: paths.identity,
    supervisor: supervisor.kind === 'none' ? whyNone(paths, clock) : supervisor,
  };
}

function whyNone(paths: SupervisorPaths, { now }: ActionContext['clock']): Watching['supervisor'] {
  const folder = unwritableFolder(paths.dir);
  if (folder !== undefined) return { kind: 'unwritable', folder };
  const rungAtMs = statsAt(paths.bell)?.mtimeMs ?? Number.NEGATIVE_INFINITY;
  return { kind: now() - rungAtMs < STARTING_MS ? 'starting' : 'none' };
}

/** The folder whose permissions prevent creating files in `dir`; undefined if there is none. */
function unwritableFolder(dir: string): string | undefined {
  try {
    const isThere = statsAt(dir) !== undefined;
    if (isThere) accessSync(dir, constants.W_OK | constants.X_OK);
    return isThere || dir === dirname(dir) ? undefined : unwritableFolder(dirname(dir));
  } catch {
    return dir;
  }
}

/** A session's worker state and, if the session waits, whether a supervisor watches it. Starts nothing. */
export async function workerReport(
  view: SessionView,
  context: ActionContext,
  watching?: Watching,
): Promise<WorkerReport> {
  if (view.worker === 'alive')
    return { worker: workerNow(view), isDying: false, unwatched: await heldUp(view, context) };
  if (!view.needsWorker && !waitsForSupervisor(view)) return { worker: workerNow(view), isDying: false };
  const current = watching ?? (await readWatching(context));
  const report = await reportWith(view, current, context);
  if (report.worker !== 'gone') return report;
  // The worker might have started or exited between the reads of its log and its lease.
  const again = await readSession(view.paths, context.host, context.clock);
  return again === undefined ? report : await reportWith(again, current, context);
}

async function reportWith(
  view: SessionView,
  watching: Watching,
  context: ActionContext,
): Promise<WorkerReport> {
  const trouble = diskTrouble(view);
  if (trouble !== undefined) return { worker: 'gone', isDying: false, unwatched: trouble };
  const isDying = view.needsWorker && (await recentRevivals(view, context)) >= REVIVAL_LIMIT.times;
  const ageMs = youngestCommandMs(view, context.clock);
  const isContinued = isContinuedHere(view, watching);
  const worker = workerNow(view, { ageMs, isContinued, isDying });
  const unwatched = waitsForSupervisor(view) ? whyUnwatched(view, watching, context) : undefined;
  return { worker, isDying: isDying && worker === 'gone', unwatched };
}

/** Why a living worker does nothing: it is suspended, or retries each step until the disk takes it. */
async function heldUp(view: SessionView, { host }: ActionContext): Promise<string | undefined> {
  const { lease } = view;
  const suspended = lease && (await suspendedText(host, lease.owner));
  return suspended === undefined ? diskTrouble(view) : `Its worker does nothing: ${suspended}.`;
}

const TROUBLE: Readonly<Record<string, string>> = {
  ENOSPC: 'is full (no space or no inode is left)',
  EDQUOT: 'is full (the quota is used up)',
  EROFS: 'cannot be written to',
  place_away: 'is not mounted',
};

/** What the disk of a session refuses, as the worker that lives or the one that could not begin has noted it. */
export function diskTrouble({ paths, folder, lease, worker, needsWorker }: SessionView): string | undefined {
  const met = worker === 'alive' || needsWorker ? readHeldUp(paths) : undefined;
  if (met === undefined) return undefined;
  const { code, path = paths.runDir, sinceMs, pid } = met;
  const what = `The disk with ${path} ${TROUBLE[code] ?? `refuses files (${code})`}`;
  const since = `since ${stampsAt(sinceMs).log}`;
  if (worker === 'alive')
    return lease?.owner.pid === pid
      ? `${what}, so ${folder} waits ${since}. It continues once the disk takes its files.`
      : undefined;
  return `${what}, so its last worker could not go on ${since}. Repair that, then run "samocode resume ${folder}".`;
}

/** Whether the session waits for something that a supervisor handles. */
function waitsForSupervisor({ worker, state: { status, archived }, otherBuild }: SessionView): boolean {
  if (worker !== 'none' || archived || otherBuild !== undefined) return false;
  return status.kind === 'waiting' || status.kind === 'limited' || status.kind === 'queued';
}

function youngestCommandMs({ paths, pendingCommands }: SessionView, { now }: ActionContext['clock']): number {
  const times = pendingCommands.map((id) => statsAt(join(paths.commands, `${id}.json`))?.mtimeMs ?? 0);
  return now() - Math.max(Number.NEGATIVE_INFINITY, ...times);
}

function isContinuedHere(view: SessionView, { identity, supervisor }: Watching): boolean {
  if (!isContinuedBy(view, identity)) return false;
  if (supervisor.kind === 'starting') return true;
  if (supervisor.kind !== 'watching') return false;
  return view.pendingCommands.length > 0 || supervisor.about?.revives !== false;
}

function whyUnwatched(
  view: SessionView,
  { identity, supervisor }: Watching,
  context: ActionContext,
): string | undefined {
  if (!isContinuedBy(view, identity)) return OTHERS;
  switch (supervisor.kind) {
    case 'watching':
      return supervisor.suspended && unwatched(` (${supervisor.suspended})`, '');
    case 'starting':
      return undefined;
    case 'off':
      return unwatched(' (SAMOCODE_SUPERVISOR=off)', RUN_ONE);
    case 'unwritable':
      return unwatched(` (${supervisor.folder} is not writable)`, '');
    case 'none':
      // The session's worker starts a supervisor after releasing its lease.
      return releasedAgoMs(view, context) < STARTING_MS ? undefined : unwatched('', RUN_ONE);
    default:
      return supervisor satisfies never;
  }
}

function releasedAgoMs({ lease }: SessionView, { clock }: ActionContext): number {
  return clock.now() - (lease?.releasedAt === undefined ? 0 : Date.parse(lease.releasedAt));
}

const OTHERS =
  'Its last worker ran on another machine, in another container or with another HOME, and only the supervisor there watches it.';

const RUN_ONE = ' Run "samocode supervisor".';

function unwatched(cause: string, what: string): string {
  return `No supervisor watches this machine's sessions${cause}: they do not continue after an edit, a limit or their turn in the queue, and no notification is sent.${what}`;
}
