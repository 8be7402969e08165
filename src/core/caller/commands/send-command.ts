import { ulid } from 'ulid';
import { isoUtc } from '../../kernel/clock.ts';
import { SamocodeError } from '../../kernel/errors.ts';
import { readHolding, unseenOwner } from '../../kernel/processes/lease.ts';
import { isRunning } from '../../kernel/processes/process-table.ts';
import { launchWorker } from '../../sandbox/programs/launch-worker.ts';
import { type Command, leaveCommand } from '../../session/commands/commands.ts';
import { readEvents, readLog } from '../../session/events/event-log.ts';
import { type EventOf, FORMAT_VERSION } from '../../session/events/events.ts';
import { recordedSessionFile } from '../../session/events/session-file.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import type { ActionContext } from '../context/context.ts';
import { refuseFromInside } from '../context/refuse-from-inside.ts';
import { supervise } from '../context/supervision.ts';
import { ACTION_ERRORS } from '../errors/action-errors.ts';

export type CommandRequest = {
  [K in Command['kind']]: Omit<Extract<Command, { kind: K }>, 'v' | 'id' | 'by' | 'at'>;
}[Command['kind']];

function commandRefused(event: EventOf<'command_refused'>, session: string): SamocodeError {
  const { code, message: why, hint } = event;
  const next = event.next?.map((step) => ({ ...step, session }));
  return new SamocodeError(code, {}, { what: 'The session refused this.', why, hint, next });
}

const POLL_MS = 25;
const RELAUNCH_MS = 1000;
const DEFAULT_PATIENCE_MS = 2000;
/** Enough for two renewals of a pool's lease. */
const POOL_PATIENCE_MS = 40_000;
/** Under load, starting a process takes a while. */
const STARTING_PATIENCE_MS = 15_000;

/**
 * Writes a command for a session's worker and waits for the answer.
 * @returns the number of the event that accepted it
 */
export async function sendCommand(
  paths: SessionPaths,
  request: CommandRequest,
  context: ActionContext,
): Promise<number> {
  await refuseFromInside(context);
  const { clock, by } = context;
  const id = ulid(clock.now());
  const after = (await readLog(paths))?.state.n ?? 0;
  // TypeScript cannot infer that the request's kind and fields belong together.
  await leaveCommand(paths, { v: FORMAT_VERSION, id, by, at: isoUtc(clock.now()), ...request } as Command);
  return await untilAnswered(paths, { id, kind: request.kind, after }, context);
}

/**
 * Waits until a worker answers a command with an event, starting a worker if none is running.
 * @param after the number of an event before the answer
 * @returns the number of the event that accepted it
 * @throws pending on timeout: the command stays queued
 */
export async function untilAnswered(
  paths: SessionPaths,
  { id, kind, after = 0 }: { id: string; kind: Command['kind']; after?: number },
  context: ActionContext,
): Promise<number> {
  const { clock, env, programs } = context;
  const isElsewhere = await isElsewhereInPool(paths, context);
  // The supervisor passes the command on to the other machine.
  if (isElsewhere) await supervise(context, paths.sessionsDir);
  const begun = clock.monotonic();
  let launched: { pid: number | undefined; againAtMs: number } | undefined;
  for (;;) {
    const answer = await answerTo(paths, id, after);
    if (answer?.type === 'command_refused') throw commandRefused(answer, paths.folder);
    if (answer !== undefined) {
      await supervise(context, paths.sessionsDir);
      return answer.n;
    }
    const waitedMs = clock.monotonic() - begun;
    // A worker that is exiting might miss the command, so the lease is checked repeatedly.
    if (!(await hasWorker(paths, context)) && waitedMs >= (launched?.againAtMs ?? 0)) {
      // Wait for a worker that is slow to start; more workers would only slow it down.
      const pid =
        (await livingPid(launched?.pid, context)) ??
        (await launchWorker(paths, { program: programs.worker, env }));
      launched = { pid, againAtMs: waitedMs + RELAUNCH_MS };
    }
    const ownMs = launched ? STARTING_PATIENCE_MS : DEFAULT_PATIENCE_MS;
    if (waitedMs > (isElsewhere ? POOL_PATIENCE_MS : ownMs)) {
      await supervise(context, paths.sessionsDir);
      throw await noAnswer(paths, { command: kind, seconds: Math.round(waitedMs / 1000) }, context);
    }
    await clock.sleep(POLL_MS);
  }
}

async function livingPid(
  pid: number | undefined,
  { host }: Pick<ActionContext, 'host'>,
): Promise<number | undefined> {
  return pid !== undefined && isRunning(await host.processes.read(pid)) ? pid : undefined;
}

async function noAnswer(
  paths: SessionPaths,
  unanswered: { command: string; seconds: number },
  { host }: Pick<ActionContext, 'host'>,
): Promise<SamocodeError> {
  const isInPool = await isElsewhereInPool(paths, { host });
  const owner = isInPool ? undefined : await unseenOwner(paths.leases, host);
  return ACTION_ERRORS.pending({ session: paths.folder, ...unanswered, owner });
}

/** Whether the session belongs to another machine of a pool, or to none yet. */
async function isElsewhereInPool(
  paths: SessionPaths,
  { host }: Pick<ActionContext, 'host'>,
): Promise<boolean> {
  if ((await unseenOwner(paths.leases, host)) === undefined) return false;
  return (await recordedSessionFile(paths))?.pool ?? false;
}

/** Whether a worker holds the session; also true if this process cannot tell whether it is alive. */
export async function hasWorker(paths: SessionPaths, context: Pick<ActionContext, 'host'>): Promise<boolean> {
  const holding = await readHolding(paths.leases, context.host);
  return holding.kind === 'held' && holding.liveness !== 'dead';
}

async function answerTo(
  paths: SessionPaths,
  id: string,
  after: number,
): Promise<EventOf<'command_accepted'> | EventOf<'command_refused'> | undefined> {
  for (const event of await readEvents(paths, after)) {
    if ((event.type === 'command_accepted' || event.type === 'command_refused') && event.id === id)
      return event;
  }
  return undefined;
}
