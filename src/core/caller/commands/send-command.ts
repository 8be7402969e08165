import { ulid, uuidToULID } from 'ulid';
import * as z from 'zod';
import { isoUtc } from '../../kernel/clock.ts';
import { SamocodeError } from '../../kernel/errors.ts';
import { type ProcessIdentity, suspendedText } from '../../kernel/processes/host.ts';
import { readHolding, unseenOwner } from '../../kernel/processes/lease.ts';
import type { LaunchReason } from '../../sandbox/programs/launch-worker.ts';
import { COMMAND_ROWS } from '../../session/commands/command-rows.ts';
import { type Command, leaveCommand, requestPrint } from '../../session/commands/commands.ts';
import { FORMAT_VERSION } from '../../session/events/bodies/format.ts';
import type { EventOf, SessionEvent } from '../../session/events/events.ts';
import { readSession } from '../../session/folder/read-session.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import { readEvents } from '../../session/log/event-log.ts';
import { recordedFile } from '../../session/log/read-session-file.ts';
import type { ActionContext } from '../context/context.ts';
import { refuseFromInside } from '../context/refuse-from-inside.ts';
import { supervise } from '../context/supervision.ts';
import { ACTION_ERRORS } from '../errors/action-errors.ts';
import type { WorkerStartFailure } from '../errors/unstarted-worker.ts';
import {
  hasFailed,
  START_LIMIT_MS,
  STARTED_PATIENCE_MS,
  untilWorker,
  type WorkerLook,
} from './worker-start.ts';

export type CommandRequest = {
  [K in Command['kind']]: Omit<Extract<Command, { kind: K }>, 'v' | 'id' | 'by' | 'at'>;
}[Command['kind']];

/** The refusal of a worker, as it recorded it. */
export function commandRefused(event: EventOf<'command_refused'>, session: string): SamocodeError {
  const { code, message: why, hint, kind } = event;
  const what = Object.hasOwn(COMMAND_ROWS, kind)
    ? COMMAND_ROWS[kind as Command['kind']].notDone
    : 'The session refused this.';
  const next = event.next?.map((step) => ({ ...step, session }));
  return new SamocodeError(code, {}, { what, why, hint, next });
}

const DEFAULT_PATIENCE_MS = 2000;
/** Enough for two renewals of a lease in a pool with a database. Otherwise the answer can take longer. */
const POOL_PATIENCE_MS = 40_000;

/**
 * The id of the command that an act sends. It has the time of the act's id, because commands and messages are sorted by
 * their ids; a device whose clock is wrong changes that order, nothing else.
 * @throws act_id_malformed: it becomes the name of a file
 */
export function commandIdOf(actId: string): string {
  if (!z.uuidv7().safeParse(actId).success) throw ACTION_ERRORS.act_id_malformed();
  return uuidToULID(actId);
}

/**
 * Writes a command for a session's worker and waits for the answer. A command with the id of an earlier one is that
 * command: it takes effect once, and both callers get its answer.
 * @param after the number of an event before the call
 * @returns the number of the event that accepted it
 * @throws act_id_used if the earlier one asked for something else
 */
export async function sendCommand(
  paths: SessionPaths,
  request: CommandRequest,
  context: ActionContext,
  after = 0,
): Promise<number> {
  await refuseFromInside(context);
  const { clock, by, actId } = context;
  const id = actId === undefined ? ulid(clock.now()) : commandIdOf(actId);
  // TypeScript cannot infer that the request's kind and fields belong together.
  const command = { v: FORMAT_VERSION, id, by, at: isoUtc(clock.now()), ...request } as Command;
  const awaited = { id, kind: request.kind, request: requestPrint(command) };
  const isAnswered = actId !== undefined && answerIn(await readEvents(paths, 0), id) !== undefined;
  if (!isAnswered) await leaveCommand(paths, command);
  return await untilAnswered(paths, { ...awaited, after: isAnswered ? 0 : after }, context);
}

interface AwaitedCommand {
  id: string;
  kind: Command['kind'];
  /** Its fingerprint, to recognise another one with the same id. */
  request?: string;
  /** Number of an event before the answer. */
  after?: number;
  /** For the first worker that is started. */
  wake?: LaunchReason | undefined;
}

/**
 * Waits until a worker answers a command with an event, starting a worker if none is running. A worker that was started
 * is waited for while it lives, five minutes at most or until the client gives up the call, however busy the machine is.
 * @returns the number of the event that accepted it
 * @throws pending on timeout, or if its worker exits with an error: the command stays queued
 */
export async function untilAnswered(
  paths: SessionPaths,
  { id, kind, request, after = 0, wake }: AwaitedCommand,
  context: ActionContext,
): Promise<number> {
  const { clock, callEndsAtMs = Number.POSITIVE_INFINITY } = context;
  const elsewhere = await ownerInPool(paths, context);
  // The supervisor passes the command on to the other machine.
  if (elsewhere) await supervise(context, paths.sessionsDir);
  const limitMs = Math.min(START_LIMIT_MS, Math.max(DEFAULT_PATIENCE_MS, callEndsAtMs - clock.monotonic()));
  const find = (events: readonly SessionEvent[]) => answerIn(events, id);
  const isOver = ({ idleMs, launches, isNeeded, unstarted }: WorkerLook) => {
    const ownMs = isNeeded || launches > 0 ? STARTED_PATIENCE_MS : DEFAULT_PATIENCE_MS;
    return idleMs > (elsewhere ? POOL_PATIENCE_MS : ownMs) || (isNeeded && hasFailed(unstarted));
  };
  const awaited = await untilWorker(paths, { after, find, isOver, limitMs, wake }, context);
  const { found: answer, waitedMs, unstarted } = awaited;
  if (answer?.type === 'command_refused') throw commandRefused(answer, paths.folder);
  if (answer && answer.kind !== kind) throw ACTION_ERRORS.act_id_used({ kind: answer.kind });
  // Another machine completes what it was asked for with its own checks and programs.
  if (!elsewhere && request && answer?.request && answer.request !== request)
    throw ACTION_ERRORS.act_id_used({});
  await supervise(context, paths.sessionsDir);
  if (answer !== undefined) return answer.n;
  throw await noAnswer(paths, { command: kind, seconds: Math.round(waitedMs / 1000), unstarted }, context);
}

type CommandAnswer = EventOf<'command_accepted'> | EventOf<'command_refused'>;

export function answerIn(events: readonly SessionEvent[], id: string): CommandAnswer | undefined {
  const isAnswer = (event: SessionEvent): event is CommandAnswer =>
    (event.type === 'command_accepted' || event.type === 'command_refused') && event.id === id;
  return events.find(isAnswer);
}

async function noAnswer(
  paths: SessionPaths,
  unanswered: { command: string; seconds: number; unstarted: WorkerStartFailure | undefined },
  { host }: Pick<ActionContext, 'host'>,
): Promise<SamocodeError> {
  const inPool = (await ownerInPool(paths, { host }))?.hostId;
  const owner = inPool === undefined ? await unseenOwner(paths.leases, host) : undefined;
  const holding = await readHolding(paths.leases, host);
  const suspended = holding.kind === 'held' ? await suspendedText(host, holding.lease.owner) : undefined;
  const state = (await readSession(paths, host))?.state.status.kind;
  return ACTION_ERRORS.pending({ session: paths.folder, state, ...unanswered, owner, inPool, suspended });
}

/** The owner of a session that another machine of a pool has, or none yet. */
async function ownerInPool(
  paths: SessionPaths,
  { host }: Pick<ActionContext, 'host'>,
): Promise<ProcessIdentity | undefined> {
  const owner = await unseenOwner(paths.leases, host);
  return owner && (await recordedFile(paths))?.pool ? owner : undefined;
}
