import { ulid } from 'ulid';
import { sendAndAwait } from '../../caller/commands/await-command.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import { refuseFromInside } from '../../caller/context/refuse-from-inside.ts';
import { sessionIndex } from '../../caller/context/session-index.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import type { Acted } from '../../caller/facts/acted.ts';
import { isoUtc } from '../../kernel/clock.ts';
import { isSamocodeError, type SamocodeError } from '../../kernel/errors.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { readHolding } from '../../kernel/processes/lease.ts';
import { leaveCommand } from '../../session/commands/commands.ts';
import { hasNothingPending } from '../../session/events/rest.ts';
import { readSession } from '../../session/folder/read-session.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { statusSentence } from '../../session/words/words.ts';
import { listSessions, sessionsOfGroup } from '../reading/list-sessions.act.ts';

export interface StopSessionInput extends SessionQuestion {
  /** `now` ends the running agent immediately; its edits are kept. */
  when: 'after_iteration' | 'now';
}

export interface StopSessionResult extends Acted {
  /**
   * `stopped`: the worker has stopped it. `stopping`: its agent may finish first. `not_running`: it was already at
   * rest.
   */
  outcome: 'stopping' | 'stopped' | 'not_running';
}

/** The result for one of several sessions; `refused` if it could not be stopped. */
export type StopOneResult = StopSessionResult | (Acted & { outcome: 'refused'; error: SamocodeError });

/** Stops every session of a group, or of the project, that is not at rest. */
export async function stopSeveral(
  { group, projectDir, when }: Pick<StopSessionInput, 'when' | 'projectDir'> & { group?: string },
  context: ActionContext,
): Promise<StopOneResult[]> {
  await refuseFromInside(context);
  const { places } = await sessionIndex({ projectDir, reach: 'current' }, context);
  // A list covers all projects of the call, but a stop must be limited to one.
  if (places.length > 1)
    throw ACTION_ERRORS.project_unclear({ files: places.map(({ filePath }) => filePath) });
  const views =
    group === undefined
      ? (await listSessions({ projectDir }, context)).sessions
      : await sessionsOfGroup({ group, projectDir }, context);
  const stopOne = async (view: SessionView): Promise<StopOneResult> => {
    try {
      return await stopFound(view, when, context);
    } catch (error) {
      if (!isSamocodeError(error)) throw error;
      const done = `${view.folder}: ${error.what} ${error.why}`;
      return { view, done, outcome: 'refused', error };
    }
  };
  return await Promise.all(views.filter((view) => !hasNothingPending(view)).map(stopOne));
}

/** A stop also ends a merge and a publication. */
const STOPPED = ['stopped', 'done', 'merge_ended', 'publish_ended'] as const;

/** Stops a session and keeps everything it wrote. */
export async function stopSession(
  input: StopSessionInput,
  context: ActionContext,
): Promise<StopSessionResult> {
  return await stopFound(
    await findSession({ ...input, isAct: true, mayBeElsewhere: true }, context),
    input.when,
    context,
  );
}

async function stopFound(
  view: SessionView,
  when: StopSessionInput['when'],
  context: ActionContext,
): Promise<StopSessionResult> {
  if (view.otherBuild?.is === 'elsewhere' && view.worker === 'alive')
    return await stopElsewhere(view, when, context);
  if (hasNothingPending(view)) return resultOf(view, 'not_running');
  try {
    // An agent has 3 s to exit after SIGTERM.
    const work = when === 'now' ? { workMs: 8000 } : { mayLast: true };
    const after = await sendAndAwait(view, { kind: 'stop', when }, STOPPED, context, work);
    return resultOf(after.view, after.view.state.status.kind === 'stopped' ? 'stopped' : 'stopping');
  } catch (error) {
    // It came to rest before the command was sent, so nothing is left to stop.
    if (!(isSamocodeError(error) && error.code === 'not_running')) throw error;
    return resultOf((await readSession(view.paths, context.host)) ?? view, 'not_running');
  }
}

const STOP_LIMIT_MS = 10_000;

/** Of a worker of an earlier version, which knows the first format and reads commands where it keeps its log. */
async function stopElsewhere(
  view: SessionView,
  when: StopSessionInput['when'],
  context: ActionContext,
): Promise<StopSessionResult> {
  const { clock, host, by } = context;
  const { paths } = view;
  if (statsAt(paths.commands)?.isDirectory())
    await leaveCommand(paths, {
      v: 1,
      id: ulid(clock.now()),
      by,
      at: isoUtc(clock.now()),
      kind: 'stop',
      when,
    });
  for (const end = clock.monotonic() + STOP_LIMIT_MS; clock.monotonic() < end; await clock.sleep(200)) {
    const { kind, ...holding } = await readHolding(paths.leases, host);
    if (kind === 'held' && 'liveness' in holding && holding.liveness === 'alive') continue;
    return resultOf({ ...view, worker: 'none' }, 'stopped');
  }
  return resultOf(view, 'stopping');
}

function resultOf(view: SessionView, outcome: StopSessionResult['outcome']): StopSessionResult {
  return { view, done: statusSentence(view), outcome };
}
