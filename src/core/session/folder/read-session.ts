import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, isoUtc, systemClock } from '../../kernel/clock.ts';
import { ifThere, orNothing, SamocodeError, systemErrorCode } from '../../kernel/errors.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import type { Host } from '../../kernel/processes/host.ts';
import { type Holding, readHolding } from '../../kernel/processes/lease.ts';
import { pendingCommandIds } from '../commands/commands.ts';
import { Arrived } from '../events/bodies/positions.ts';
import { atPlaces, type SessionFile } from '../events/bodies/session-file.ts';
import { workNow } from '../events/open-work.ts';
import { hasEnded } from '../events/rest.ts';
import { emptyState, type SessionState, type WaitingStatus } from '../events/state.ts';
import { type Mirror, readMirror } from '../layout/mirror.ts';
import { iterationPaths, type SessionPaths, sessionPaths } from '../layout/paths.ts';
import { readPollRecord } from '../layout/poll-record.ts';
import { SESSION_ERRORS } from '../layout/session-errors.ts';
import { isLogQuarantined, type LogReading, readLog } from '../log/event-log.ts';
import { readSessionFile } from '../log/read-session-file.ts';
import { runFolderElsewhere } from './run-folders.ts';
import { heldServices } from './services-now.ts';
import { type SessionView, viewWithoutWorker } from './session-view.ts';

export function gateOf({ state: { status } }: SessionView): WaitingStatus | undefined {
  if (status.kind !== 'waiting') return undefined;
  return status.for === 'qa_answers' || status.for === 'plan_approval' ? status : undefined;
}

/**
 * Reads what a session is doing; the cost does not grow with its history. A session whose files cannot be read is
 * returned as blocked, so that the others are still shown.
 * @returns undefined when there is no such session
 */
export async function readSession(
  paths: SessionPaths,
  host: Host,
  clock: Pick<Clock, 'now'> = systemClock,
): Promise<SessionView | undefined> {
  try {
    return await readFiles(paths, host, clock);
  } catch (error) {
    if (isFileError(error)) return unreadableSession(paths, error);
    throw error;
  }
}

async function readFiles(
  paths: SessionPaths,
  host: Host,
  clock: Pick<Clock, 'now'>,
): Promise<SessionView | undefined> {
  const [log, holding] = await Promise.all([readLog(paths), readHolding(paths.leases, host)]);
  const { file, problem } = await fileIn(paths, log?.state);
  const worker = workerOf(holding);
  if (log?.otherBuild?.is === 'older') return { ...olderSession(paths, log), worker };
  const pendingCommands = pendingCommandIds(paths);
  const isRewritten = isLogQuarantined(paths);
  if (log === undefined && file === undefined && problem === undefined && !isRewritten)
    return await sessionElsewhere(paths, host);
  const state = startedState(paths, log?.state ?? emptyState(), file);
  if (areDocumentsGone(paths, state)) return { ...withoutDocuments(paths, state), worker };
  const isElsewhere = worker === 'unknowable' && file?.pool === true;
  const mirror = isElsewhere ? await readMirror(paths) : undefined;
  // A session of a pool is known from its start, wherever it runs.
  const lostStart =
    log?.otherBuild === undefined && !file?.pool && isStartLost(paths, { state, pendingCommands });
  const isUnkept = file?.pool === true && worker === 'none' && hasUnkept(paths, state);
  const wantsWorker =
    !isRewritten && (isUnkept || hasWorkLeft({ state, pendingCommands, hasEvents: log !== undefined }));
  const unseen =
    (wantsWorker || !hasEnded(state.status.kind)) && !file?.pool
      ? unseenWorker(paths, { state, holding }, clock)
      : undefined;
  const lease = 'lease' in holding ? holding.lease : undefined;
  const places = (await plainJson(paths.arrived, Arrived)) ?? state.places;
  return {
    folder: paths.folder,
    paths: state.archived ? sessionPaths(paths.sessionsDir, paths.folder, true) : paths,
    state,
    sessionFile: file && { ...atPlaces(file, paths, places), ...foldersOf(mirror) },
    worker,
    mirror,
    lastPoll: state.pullRequest && (await readPollRecord(paths, state.pullRequest)),
    lease,
    ...(state.servicesUp && { appUrl: (await heldServices({ paths, worker, lease, state }))?.url }),
    pendingCommands,
    problems: [
      file === undefined ? (problem ?? NO_SESSION_FILE) : undefined,
      isRewritten ? REWRITTEN : lostStart ? LOST_START : undefined,
      log?.problems.length ? 'events.jsonl has lines that could not be read.' : undefined,
      log?.otherBuild &&
        `A newer samocode has worked on this session (${log.otherBuild.trace}). Update samocode here to continue it.`,
      unseen,
    ].filter((problem) => problem !== undefined),
    wantsWorker,
    // No worker can start without session.json.
    needsWorker: wantsWorker && worker === 'none' && log?.otherBuild === undefined && file !== undefined,
    isUnseen: unseen === undefined ? undefined : true,
    otherBuild: log?.otherBuild,
  };
}

function foldersOf(mirror: Mirror | undefined): Omit<Mirror, 'head'> | undefined {
  if (mirror === undefined) return undefined;
  const { head: _, ...folders } = mirror;
  return folders;
}

/** The choices of its start: `session.json` counts only until the log has them. */
async function fileIn(
  paths: SessionPaths,
  state: SessionState | undefined,
): Promise<{ file?: SessionFile | undefined; problem?: string }> {
  try {
    return { file: state?.file ?? (await readSessionFile(paths)) };
  } catch (error) {
    if (!(error instanceof SamocodeError)) throw error;
    return { problem: error.message };
  }
}

/** A session whose log is not where it belongs: shown with its documents and its worker; nothing else there is read. */
async function sessionElsewhere(own: SessionPaths, host: Host): Promise<SessionView | undefined> {
  const trace = runFolderElsewhere(own);
  if (trace === undefined) return undefined;
  const paths = sessionPaths(own.sessionsDir, own.folder, false, trace);
  const [log, holding] = await Promise.all([
    readLog(paths, { useCache: false }),
    readHolding(paths.leases, host),
  ]);
  const otherBuild = { is: 'elsewhere', trace } as const;
  const view = olderSession(paths, { state: log?.state ?? emptyState(), otherBuild });
  const { why, hint } = SESSION_ERRORS.log_elsewhere({ session: own.folder, runDir: trace });
  const worker = workerOf(holding);
  const lives =
    worker === 'alive' && holding.kind === 'held'
      ? [`Its worker, process ${holding.lease.owner.pid}, still runs; "samocode stop ${own.folder}" ends it.`]
      : [];
  return { ...view, worker, problems: [...lives, `${why} ${hint}`] };
}

/** A session that a build from before the first release began: nothing continues it, whatever its log says. */
function olderSession(
  paths: SessionPaths,
  { state, otherBuild }: Pick<LogReading, 'state' | 'otherBuild'>,
): SessionView {
  const away = sessionPaths(paths.sessionsDir, paths.folder, true, paths.runDir);
  const archived = statsAt(paths.sessionDir) === undefined && statsAt(away.sessionDir) !== undefined;
  const { why, hint } = SESSION_ERRORS.older_format({ session: paths.folder });
  const stopped = { kind: 'stopped' as const, since: lastChange(paths), by: BY_NOBODY, why: '' };
  // The rest of its state may be half of what its log says.
  const known = { ...emptyState(), createdAt: state.createdAt, archived, status: stopped };
  return { ...viewWithoutWorker(archived ? away : paths, known, [`${why} ${hint}`]), otherBuild };
}

const BY_NOBODY = { channel: 'settings' } as const;

/** Until the start is recorded, only `session.json` contains its time. */
function startedState(paths: SessionPaths, state: SessionState, file: SessionFile | undefined): SessionState {
  if (state.createdAt !== undefined || state.status.kind !== 'starting') return state;
  return { ...state, status: { kind: 'starting', since: file?.createdAt ?? lastChange(paths) } };
}

/** The time of a session whose files say none. */
function lastChange({ runDir }: SessionPaths): string {
  return isoUtc(orNothing(() => statsAt(runDir))?.mtimeMs ?? systemClock.now());
}

const NO_SESSION_FILE = 'session.json is missing: restore it, or start a new session.';

const REWRITTEN =
  'Something other than samocode rewrote or removed its event log, so nothing in the log can be trusted; what was left of it is in events.jsonl.rewritten. Restore events.jsonl from a backup. The work is on the branch of the session and under refs/samocode/.';

const LOST_START =
  'Its start was lost when its worker or the machine failed. Start a new session with the same task, which is in session.json.';

/** Whether no command is pending and no event records the start: every worker would exit at once. */
function isStartLost(
  paths: SessionPaths,
  { state, pendingCommands }: Pick<SessionView, 'state' | 'pendingCommands'>,
): boolean {
  if (state.createdAt !== undefined || pendingCommands.length > 0) return false;
  // The run folder, with the command in it, may have appeared since the commands were listed.
  return pendingCommandIds(paths).length === 0;
}

function workerOf(holding: Holding): SessionView['worker'] {
  if (holding.kind !== 'held' || holding.liveness === 'dead') return 'none';
  return holding.liveness;
}

/**
 * Whether only a worker can continue the session: the supervisor handles waits, and an iteration left open by a block
 * is recorded after a resume.
 */
function hasWorkLeft({
  state,
  pendingCommands,
  hasEvents,
}: Pick<SessionView, 'state' | 'pendingCommands'> & { hasEvents: boolean }): boolean {
  if (pendingCommands.length > 0) return true;
  const { status, createdAt } = state;
  const isContinuing = status.kind === 'running' || (status.kind === 'starting' && createdAt !== undefined);
  return hasEvents && (isContinuing || workNow(state) !== undefined);
}

/** Whether the last worker of a pool's session ended before it saved its last events for other machines. */
function hasUnkept({ poolKept }: SessionPaths, { n, openIteration }: SessionState): boolean {
  return openIteration === undefined && n > Number(ifThere(() => readFileSync(poolKept, 'utf8')) ?? 0);
}

/** Well above the interval of a few seconds at which a worker that watches an agent records that it is awake. */
const QUIET_MS = 60_000;

/**
 * The problem of a session whose worker ran in another container or on another machine and shows no activity: nothing
 * continues it, and only a person knows whether that machine is gone. Undefined while the worker may still be running.
 */
function unseenWorker(
  paths: SessionPaths,
  { state, holding }: { state: SessionState; holding: Holding },
  { now }: Pick<Clock, 'now'>,
): string | undefined {
  if (holding.kind !== 'held' || holding.liveness !== 'unknowable') return undefined;
  const { status } = state;
  const dueAtMs = Math.max(lastSignMs(paths, state), status.kind === 'limited' ? status.until : 0);
  if (now() - dueAtMs < QUIET_MS) return undefined;
  const { hostId, pid } = holding.lease.owner;
  return `Its worker, process ${pid}, ran in another container or on another machine (${hostId}) and has shown no activity for more than a minute. If that machine or container is gone or was restarted, a person can take over the session with "samocode takeover".`;
}

function lastSignMs(paths: SessionPaths, { openIteration }: SessionState): number {
  const files = [paths.events, paths.leases];
  if (openIteration !== undefined) {
    files.push(iterationPaths(paths, openIteration.iteration).awake, join(paths.logs, openIteration.log));
  }
  return Math.max(...files.map((path) => statsAt(path)?.mtimeMs ?? 0));
}

/** Temporary shortages of this process, which reveal nothing about the session. */
const SHORTAGES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);

/** Whether an error is caused by the files of one session and does not affect others. */
export function isFileError(error: unknown): boolean {
  const code = systemErrorCode(error);
  return code !== undefined && !SHORTAGES.has(code);
}

/** A session whose files cannot be read (for example after `sudo samocode`): it needs a person, not a worker. */
function unreadableSession(paths: SessionPaths, error: unknown): SessionView {
  const why = { reason: 'Its files cannot be read.', needs: 'readable_files', rule: 'unreadable' };
  const state = { ...emptyState(), status: { kind: 'blocked' as const, since: lastChange(paths), ...why } };
  return { ...viewWithoutWorker(paths, state, [unreadableText(paths, error)]), isUnreadable: true };
}

/**
 * Whether the documents of a session that has worked are gone: a worker would begin new ones, maybe in the mount point of
 * a disk that is away. What is being archived or discarded moves them.
 */
function areDocumentsGone({ sessionDir }: SessionPaths, state: SessionState): boolean {
  return (
    state.prepared && !state.archived && workNow(state) === undefined && statsAt(sessionDir) === undefined
  );
}

function withoutDocuments(paths: SessionPaths, state: SessionState): SessionView {
  const why = { reason: 'Its documents are gone.', needs: 'readable_files', rule: 'unreadable' };
  const status = { kind: 'blocked' as const, since: lastChange(paths), ...why };
  const problem = `${paths.sessionDir} does not exist. Mount its disk, or restore the folder; if you removed it, remove ${paths.runDir}, too.`;
  return { ...viewWithoutWorker(paths, { ...state, status }, [problem]), isUnreadable: true };
}

function unreadableText({ runDir }: SessionPaths, error: unknown): string {
  const path = error instanceof Error && 'path' in error ? String(error.path) : runDir;
  const isRefused = ['EACCES', 'EPERM'].includes(systemErrorCode(error) ?? '');
  const fix = isRefused
    ? 'It belongs to another user, for example after "sudo samocode": change its owner with chown.'
    : 'Check the disk.';
  return `${path} cannot be read (${systemErrorCode(error)}). ${fix}`;
}

const FORGOTTEN_MS = 30 * 24 * 60 * 60_000;

/** Whether a session has been unchanged for so long that no supervisor keeps running for it. `nowMs`: wall clock. */
export function isForgotten({ events, commands, overview }: SessionPaths, nowMs: number): boolean {
  const times = [events, commands, overview].map((path) => statsAt(path)?.mtimeMs ?? 0);
  return nowMs - Math.max(...times) >= FORGOTTEN_MS;
}

/**
 * Whether the supervisor with this identity continues a session of its user, according to the last lease: one without a
 * lease has not started.
 */
export function isContinuedBy({ lease }: Pick<SessionView, 'lease'>, identity: string): boolean {
  return lease === undefined || lease.supervisor === identity;
}
