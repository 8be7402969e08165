import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { awaitStart, type CompletedCommand } from '../../caller/commands/await-command.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { supervise } from '../../caller/context/supervision.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { START_ERRORS } from '../../caller/errors/start-errors.ts';
import { systemClock } from '../../kernel/clock.ts';
import { ifExists, systemErrorCode } from '../../kernel/errors.ts';
import { crashPoint } from '../../kernel/fault-points.ts';
import { syncFolder, writeWhole } from '../../kernel/files/atomic-file.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { readHolding } from '../../kernel/processes/lease.ts';
import { type Command, leaveCommand } from '../../session/commands/commands.ts';
import type { GivenTexts, SessionFile } from '../../session/events/bodies/session-file.ts';
import { MAY_SLEEP } from '../../session/events/fold-sleep.ts';
import { ownedElsewhere } from '../../session/folder/ownership.ts';
import { readSession } from '../../session/folder/read-session.ts';
import { makeRunRoot } from '../../session/folder/run-folders.ts';
import { NO_LIMIT_KNOWN, NOT_IN_LOGIN_SHELL, type SessionView } from '../../session/folder/session-view.ts';
import { AUTO_ASSIGN } from '../../session/layout/owners.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import { SESSION_ERRORS } from '../../session/layout/session-errors.ts';
import { isOpenToAll } from '../../session/log/open-folder.ts';
import { sessionFileText } from '../../session/log/read-session-file.ts';
import type { NewSession } from './new-session.ts';

export interface Begun {
  view: SessionView;
  file: SessionFile;
  /** Warnings about settings that have no effect, or not the expected one. */
  warnings: string[];
  /** Set if an earlier call of the same content started it. */
  startedMsAgo?: number;
}

/**
 * Creates the run folder of a session and starts its first worker.
 * @returns undefined if another start took the name in the meantime
 */
export async function beginSession(made: NewSession, context: ActionContext): Promise<Begun | undefined> {
  const { paths, file, given, start } = made;
  if (!(await makeRunFolder(paths, file, { given, first: start }))) return undefined;
  crashPoint('after-session');
  if (file.pool) return await offerToPool(made, context);
  const { view, events } = await startWorker(made, context);
  const notices = events.flatMap((event) =>
    event.type === 'notice' && WARNS_AT_START.has(event.code) ? [event.text] : [],
  );
  return { view, file, warnings: [...made.warnings, ...notices] };
}

/** Leaves the session to the supervisor, which publishes it. */
async function offerToPool({ paths, file, warnings }: NewSession, context: ActionContext): Promise<Begun> {
  await supervise(context, paths.sessionsDir);
  const view = await readSession(paths, context.host);
  if (view === undefined) throw new Error(`The run folder of ${paths.folder} has vanished.`);
  return { view, file, warnings };
}

const WARNS_AT_START: ReadonlySet<string> = new Set([NOT_IN_LOGIN_SHELL, NO_LIMIT_KNOWN, MAY_SLEEP]);
const PREPARED = ['prepared', 'queued', 'parked', 'done', 'blocked'] as const;
const AT_REST = ['stopped', 'queued', 'parked', 'done', 'blocked'] as const;

async function startWorker(
  { paths, start, wake }: NewSession,
  context: ActionContext,
): Promise<CompletedCommand> {
  try {
    const endsIn = start.run ? PREPARED : AT_REST;
    return await awaitStart(paths, { ...start, wake }, endsIn, context);
  } catch (error) {
    if (!(await removeUnclaimedFolder(paths, context))) throw error;
    if (!ACTION_ERRORS.pending.is(error)) throw error;
    const { unstarted = { kind: 'exited', said: '' } } = error.args;
    throw START_ERRORS.worker_not_started({ program: context.programs.worker, unstarted });
  }
}

/**
 * Creates a session's run folder with its identity and first command. The folder appears atomically; of two starts
 * that try the same name, one is refused.
 * @returns false if the name is taken
 */
export async function makeRunFolder(
  paths: SessionPaths,
  file: SessionFile,
  { first, given }: { first: Command; given: GivenTexts },
): Promise<boolean> {
  if (isOpenToAll(paths.sessionsDir)) throw SESSION_ERRORS.sessions_open(paths);
  const folder = dirname(paths.runDir);
  await makeRunRoot(paths.sessionsDir).catch((cause: unknown) => {
    throw START_ERRORS.state_unwritable({ folder, code: systemErrorCode(cause) ?? '' }, { cause });
  });
  const draft = draftOf(paths);
  try {
    await mkdir(draft, { mode: 0o700 });
    // The sync of the draft below covers this entry too.
    await mkdir(join(draft, 'commands'));
    await writeWhole(join(draft, 'session.json'), sessionFileText({ file, given }), { exclusive: true });
    await leaveCommand({ commands: join(draft, 'commands') }, first);
    if (file.pool)
      await ownedElsewhere({ leases: join(draft, 'leases') }, AUTO_ASSIGN, { clock: systemClock });
    crashPoint('before-session');
    return await reveal(draft, paths.runDir);
  } finally {
    await rm(draft, { recursive: true, force: true });
    await syncFolder(folder);
  }
}

/**
 * Removes a run folder that no worker has claimed. It is renamed first, so that a late worker finds no session.
 * @returns false if a worker has claimed it
 */
export async function removeUnclaimedFolder(
  paths: SessionPaths,
  { host }: Pick<ActionContext, 'host'>,
): Promise<boolean> {
  const { leases, events, runDir } = paths;
  if ((await readHolding(leases, host)).kind !== 'free' || statsAt(events) !== undefined) return false;
  const aside = draftOf(paths);
  await ifExists(rename(runDir, aside));
  await rm(aside, { recursive: true, force: true });
  return true;
}

function draftOf({ runDir, folder }: SessionPaths): string {
  return join(dirname(runDir), `.${folder}.${randomBytes(6).toString('hex')}.draft`);
}

// rename() replaces an empty folder and refuses any other; ours is never empty.
async function reveal(draft: string, runDir: string): Promise<boolean> {
  try {
    await rename(draft, runDir);
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') return false;
    throw error;
  }
}
