import { SamocodeError } from '../base/errors.ts';
import { judgeKind } from '../session/commands/judge-kind.ts';
import type { Command } from '../session/commands.ts';
import { readEvents } from '../session/event-log.ts';
import type { EventType } from '../session/event-types.ts';
import type { SessionEvent } from '../session/events.ts';
import { archiveRoot, type SessionPaths, sessionPaths } from '../session/paths.ts';
import { isLost } from '../session/session-list.ts';
import { readSession, type SessionView } from '../session/status.ts';
import { waitForEvents } from '../session/watch.ts';
import type { ActionContext } from './context.ts';
import { EarlyRefusalError } from './early-refusal.ts';
import { type CommandRequest, type SendOptions, sendCommand, untilAnswered } from './send-command.ts';

export interface AfterCommand {
  view: SessionView;
  /** What came behind the acceptance. */
  events: SessionEvent[];
}

/** The work of a command follows its acceptance within moments; longer work is not waited for. */
const WORK_MS = 2000;
/** Where a whole worktree is moved. */
export const ALL_FILES_MS = 15_000;

/**
 * Sends a command and waits a moment for the event that its work ends in.
 * @throws EarlyRefusalError, CommandRefusedError, CommandPending, what `closedTo` gives
 */
export async function afterCommand(
  view: SessionView,
  request: CommandRequest,
  endsIn: readonly EventType[],
  context: ActionContext,
  options: SendOptions & { workMs?: number } = {},
): Promise<AfterCommand> {
  const { paths } = view;
  const isTakeover = view.isForeign && request.kind === 'start';
  const closed = isTakeover ? undefined : (closedTo(view) ?? early(request.kind, view));
  if (closed) throw closed;
  const { workMs = WORK_MS, ...sending } = options;
  const accepted = await sendCommand(paths, request, context, sending);
  return await untilDone(paths, { accepted, endsIn, workMs }, context);
}

/** The same for the command with which a run folder was just made. */
export async function afterStart(
  paths: SessionPaths,
  { id }: Pick<Command, 'id'>,
  endsIn: readonly EventType[],
  context: ActionContext,
): Promise<AfterCommand> {
  const accepted = await untilAnswered(paths, { id }, context);
  return await untilDone(paths, { accepted, endsIn, workMs: WORK_MS }, context);
}

async function untilDone(
  paths: SessionPaths,
  { accepted, endsIn, workMs }: { accepted: number; endsIn: readonly EventType[]; workMs: number },
  { clock, host }: ActionContext,
): Promise<AfterCommand> {
  const deadline = clock.monotonic() + workMs;
  for (let after = accepted; ; ) {
    const events = await readEvents(paths.events, accepted);
    const left = deadline - clock.monotonic();
    if (left <= 0 || events.some((event) => endsIn.includes(event.type))) {
      const view = await readSession(sessionPaths(paths.sessionsDir, paths.folder), host);
      if (view === undefined) throw new Error(`The run folder of ${paths.folder} has vanished.`);
      return { events, view };
    }
    after = events.at(-1)?.n ?? after;
    await waitForEvents([{ paths, after }], { timeoutMs: left, clock });
  }
}

/** Why nothing can be asked of a session from here; undefined: its worker can be. */
export function closedTo(view: SessionView): SamocodeError | undefined {
  if (view.newer !== undefined) return new NewerVersionError(view);
  if (view.isForeign) return new NotTakenOverYetError(view);
  return isLost(view) ? new SessionLostError(view) : undefined;
}

function early(kind: CommandRequest['kind'], view: SessionView): EarlyRefusalError | undefined {
  const refused = judgeKind(kind, view.state);
  return refused && new EarlyRefusalError(refused, view);
}

class NewerVersionError extends SamocodeError {
  readonly code = 'newer_version';

  constructor({ folder, newer }: SessionView) {
    super(
      `Session ${folder} can only be looked at.`,
      `A newer samocode has worked on it (${newer}).`,
      'Update samocode here and restart its MCP server.',
    );
  }
}

/** Every worker that is started for it ends at once. */
export class SessionLostError extends SamocodeError {
  readonly code = 'session_lost';

  constructor({ folder, problems, paths, isUnreadable }: SessionView) {
    super(
      isUnreadable ? `Session ${folder} cannot be read.` : `Session ${folder} can only be looked at.`,
      problems.join(' '),
      isUnreadable
        ? 'Fix that, then try again.'
        : `What is left of it is in ${paths.sessionDir}; its work can continue in a new session.`,
    );
  }
}

/** A worker could do nothing with it, and a command would lie there for ever. */
class NotTakenOverYetError extends SamocodeError {
  readonly code = 'not_taken_over_yet';

  constructor({ folder, state, paths }: SessionView) {
    const isDone = state.status.kind === 'done';
    super(
      `Session ${folder} can only be looked at.`,
      'It was made by the original samocode and has not been taken over.',
      isDone ? putAwayByHand(paths) : 'If the human wants it to go on, resume_session takes it over.',
    );
  }
}

/** A done folder of the original tool needs no worker, and that tool moved it away in no other way. */
function putAwayByHand({ sessionDir, sessionsDir }: SessionPaths): string {
  return `A person puts it away by moving its folder ${sessionDir} into ${archiveRoot(sessionsDir)}. Give resume_session a goal for new work.`;
}
