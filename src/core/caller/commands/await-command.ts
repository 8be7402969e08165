import type { Wake } from '../../sandbox/programs/launch-worker.ts';
import type { Command } from '../../session/commands/commands.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import { readSession } from '../../session/folder/read-session.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { waitForEvents } from '../../session/folder/watch.ts';
import { type SessionPaths, sessionPaths } from '../../session/layout/paths.ts';
import { readEvents } from '../../session/log/event-log.ts';
import type { ActionContext } from '../context/context.ts';
import { ACTION_ERRORS } from '../errors/action-errors.ts';
import { requireSendable } from './early-refusal.ts';
import { type CommandRequest, sendCommand, untilAnswered } from './send-command.ts';
import { WorkerStart } from './worker-start.ts';

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
/** The pause between two looks at the worker. */
const LOOK_MS = 5000;
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
  const accepted = await sendCommand(paths, request, context);
  return await untilDone(paths, { accepted, command: request.kind, endsIn }, context, work);
}

/** Like `sendAndAwait`, for the command that was written when the run folder was created. */
export async function awaitStart(
  paths: SessionPaths,
  { id, kind, wake }: Pick<Command, 'id' | 'kind'> & { wake: Wake | undefined },
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
  const { clock, host } = context;
  const deadline = clock.monotonic() + workMs;
  const successor = new Successor(paths, command, context);
  for (let after = accepted; ; ) {
    const events = await readEvents(paths, accepted);
    const left = deadline - clock.monotonic();
    const hasEnded = events.some((event) => endsIn.includes(event.type));
    if (left <= 0 && !hasEnded && !mayLast) {
      const seconds = Math.round(workMs / 1000);
      throw ACTION_ERRORS.pending({ session: paths.folder, command, seconds, isAccepted: true });
    }
    if (left <= 0 || hasEnded) {
      const view = await readSession(sessionPaths(paths.sessionsDir, paths.folder), host);
      if (view === undefined) throw new Error(`The run folder of ${paths.folder} has vanished.`);
      return { events, view };
    }
    after = events.at(-1)?.n ?? after;
    await waitForEvents([{ paths, after }], { timeoutMs: Math.min(left, LOOK_MS), clock });
    if (left > LOOK_MS) await successor.look(clock.monotonic() - deadline + workMs);
  }
}

/** Starts the next worker of a session if one dies over a command: there may be no supervisor to do it. */
class Successor {
  readonly #paths: SessionPaths;
  readonly #command: string;
  readonly #context: ActionContext;
  #start: WorkerStart | undefined;
  #launches = 0;

  constructor(paths: SessionPaths, command: string, context: ActionContext) {
    this.#paths = paths;
    this.#command = command;
    this.#context = context;
  }

  /** @throws pending once as many have died as are started for one command */
  async look(waitedMs: number): Promise<void> {
    const isNeeded = (await readSession(this.#paths, this.#context.host))?.needsWorker;
    if (!isNeeded || (await this.#start?.reached()) === 'starting') return;
    const [session, seconds] = [this.#paths.folder, Math.round(waitedMs / 1000)];
    if (this.#launches === LAUNCHES)
      throw ACTION_ERRORS.pending({
        session,
        command: this.#command,
        seconds,
        isAccepted: true,
        died: LAUNCHES,
      });
    this.#start = await WorkerStart.launch(this.#paths, this.#context);
    this.#launches += 1;
  }
}
