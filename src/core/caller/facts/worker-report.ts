import { accessSync, constants } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemErrorCode } from '../../kernel/errors.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { suspendedText } from '../../kernel/processes/host.ts';
import {
  type Presence,
  readPresence,
  type SupervisorPaths,
  supervisorPaths,
} from '../../sandbox/programs/supervisor-folder.ts';
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
  if (view.needsWorker && (await isDiskFull(view.paths.runDir)))
    return { worker: 'gone', isDying: false, unwatched: fullText(view) };
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
  return suspended === undefined ? await diskTrouble(view) : `Its worker does nothing: ${suspended}.`;
}

/** Says that the disk of a session takes no files. */
export async function diskTrouble({
  paths,
  folder,
}: Pick<SessionView, 'paths' | 'folder'>): Promise<string | undefined> {
  const why = isReadOnly(paths.runDir)
    ? 'cannot be written to'
    : (await isDiskFull(paths.runDir))
      ? 'is full'
      : undefined;
  return (
    why &&
    `The disk with ${paths.sessionsDir} ${why}, so ${folder} waits. It continues once the disk takes its files.`
  );
}

function isReadOnly(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return false;
  } catch (error) {
    return systemErrorCode(error) === 'EROFS' || systemErrorCode(error) === 'EIO';
  }
}

/** On a full disk, a worker dies before it can record anything. */
async function isDiskFull(folder: string): Promise<boolean> {
  const stats = await statfs(folder).catch(() => undefined);
  // Some file systems do not report their size.
  if (stats === undefined || stats.blocks === 0) return false;
  // Only root may use the reserve.
  const free = process.getuid?.() === 0 ? stats.bfree : stats.bavail;
  return free * stats.bsize < FULL_BELOW_BYTES;
}

/** Less than a worker writes when it starts. */
const FULL_BELOW_BYTES = 64 * 1024;

function fullText({ folder, paths }: SessionView): string {
  return `The disk with ${paths.sessionsDir} is full, so no worker can start. Free some space, then run "samocode resume ${folder}".`;
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
