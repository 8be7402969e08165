import type { LaunchReason } from '../../sandbox/programs/launch-worker.ts';
import type { Command } from '../../session/commands/commands.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import { readSession } from '../../session/folder/read-session.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { type SessionPaths, sessionPaths } from '../../session/layout/paths.ts';
import type { ActionContext } from '../context/context.ts';
import { ACTION_ERRORS } from '../errors/action-errors.ts';
import { requireSendable } from './early-refusal.ts';
import { type CommandRequest, sendCommand, untilAnswered } from './send-command.ts';
import { untilWorker, type WorkerLook } from './worker-start.ts';

export interface CompletedCommand {
  view: SessionView;
  events: SessionEvent[];
}

interface Work {
  workMs?: number;
  /** The caller does not need the end of the work. */
  mayLast?: boolean;
}

const WORK_MS = 2000;
/** For how long the worker that took the command is left alone. */
const REST_MS = 5000;
/** The number of workers that are started for one command which each of them leaves undone. */
const LAUNCHES = 3;
/** The time limit for work that touches every file of a worktree. */
export const ALL_FILES_MS = 15_000;

/** Sends a command and waits briefly for the event that completes it. @throws pending if it does not come in time */
export async function sendAndAwait(
  view: SessionView,
  request: CommandRequest,
  endsIn: readonly EventType[],
  context: ActionContext,
  work: Work = {},
): Promise<CompletedCommand> {
  const { paths } = view;
  requireSendable(request.kind, view, context);
  const accepted = await sendCommand(paths, request, context, view.state.n);
  return await untilDone(paths, { accepted, command: request.kind, endsIn }, context, work);
}

/** Like `sendAndAwait`, for the command that was written when the run folder was created. */
export async function awaitStart(
  paths: SessionPaths,
  { id, kind, wake }: Pick<Command, 'id' | 'kind'> & { wake: LaunchReason | undefined },
  endsIn: readonly EventType[],
  context: ActionContext,
): Promise<CompletedCommand> {
  const accepted = await untilAnswered(paths, { id, kind, wake }, context);
  return await untilDone(paths, { accepted, command: kind, endsIn }, context, { mayLast: true });
}

async function untilDone(
  paths: SessionPaths,
  { accepted, command, endsIn }: { accepted: number; command: string; endsIn: readonly EventType[] },
  context: ActionContext,
  { workMs = WORK_MS, mayLast = false }: Work,
): Promise<CompletedCommand> {
  const hasDied = ({ isNeeded, launches }: WorkerLook) => isNeeded && launches === LAUNCHES;
  const find = (events: readonly SessionEvent[]) => events.find(({ type }) => endsIn.includes(type));
  const wait = { after: accepted, find, isOver: hasDied, limitMs: workMs, restMs: REST_MS };
  const { found, events, ...look } = await untilWorker(paths, wait, context);
  const died = hasDied(look) ? LAUNCHES : undefined;
  const view = await readSession(sessionPaths(paths.sessionsDir, paths.folder), context.host);
  if (found === undefined && (died || !mayLast)) {
    const seconds = Math.round((died ? look.waitedMs : workMs) / 1000);
    const state = view?.state.status.kind;
    throw ACTION_ERRORS.pending({ session: paths.folder, state, command, seconds, isAccepted: true, died });
  }
  if (view === undefined) throw new Error(`The run folder of ${paths.folder} has vanished.`);
  return { events, view };
}
