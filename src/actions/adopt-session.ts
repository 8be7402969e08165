import { join } from 'node:path';
import { ulid } from 'ulid';
import { isoUtc } from '../base/clock.ts';
import { SamocodeError } from '../base/errors.ts';
import { GATES, type Gate } from '../phases/table.ts';
import { branchOf } from '../project/branch-name.ts';
import { earlierWorktree } from '../project/earlier-worktree.ts';
import type { Project } from '../project/open-project.ts';
import { requireIdentity } from '../project/repository.ts';
import type { CallSettings } from '../project/settings.ts';
import { FORMAT_VERSION } from '../session/events.ts';
import { nestedProblem, notPlainProblems } from '../session/foreign-session.ts';
import { readLegacyFolder } from '../session/legacy-folder.ts';
import { readOverview } from '../session/overview.ts';
import type { SessionFile } from '../session/session-file.ts';
import { readSession, type SessionView } from '../session/status.ts';
import { afterCommand } from './after-command.ts';
import type { ActionContext } from './context.ts';
import { findProjectFor } from './find-project-for.ts';
import { freezeSettings } from './freeze-settings.ts';
import { makeRunFolder } from './make-run-folder.ts';
import { refuseFromInside } from './refuse-from-inside.ts';
import { requireTrust } from './require-trust.ts';
import { sandboxNow } from './sandbox-now.ts';
import type { SessionsPlace } from './sessions-places.ts';

interface FoundSession {
  view: SessionView;
  place: SessionsPlace;
}

export interface Adoption extends FoundSession {
  /** For the next child. */
  note?: string | undefined;
  /** New work, for one that is done; the task, for one without an overview. */
  goal?: string | undefined;
  /** Settings that the call names. */
  call?: CallSettings | undefined;
  /** The gate that a person decides at with the same act. */
  gate?: Gate | undefined;
}

/**
 * Takes over a folder of the original tool as it stands: it gets a run folder, and goes on where its
 * notebook says; behind a gate it first waits for a person. Its own files are not touched here.
 * @throws NestedLayoutError, NotPlainError, TaskUnknownError, ProjectNotTrustedError; what `findProjectFor`, `requireIdentity` and `freezeSettings` throw; CommandRefusedError, CommandPending
 */
export async function adoptSession(adoption: Adoption, context: ActionContext): Promise<SessionView> {
  const { view, place, note, goal, call } = adoption;
  const { clock, by } = context;
  const { paths, folder } = view;
  await refuseFromInside(context);
  const old = await readLegacyFolder(paths);
  const [nested] = old === undefined ? [] : nestedProblem(old, paths);
  if (nested !== undefined) throw new NestedLayoutError(folder, nested);
  const [notPlain] = old === undefined ? [] : notPlainProblems(old);
  if (notPlain !== undefined) throw new NotPlainError(folder, notPlain);
  const text = old?.overview;
  if (text === undefined && goal === undefined) throw new TaskUnknownError(view);
  const project = await findProjectFor({ projectDir: place.filePath, call }, context);
  await requireTrust(project, context);
  await requireIdentity(project.mainRepo, { baseEnv: context.env });
  const { worktrees: worktreesDir, sessions: sessionsDir } = project.values;
  const branch = await earlierBranch(
    { overview: text ?? '', worktreePath: join(worktreesDir, folder), mainRepo: project.mainRepo },
    context,
  );
  const chosen = await freezeSettings(
    project,
    { folder, branch: branch ?? ownName(project, folder) },
    context,
  );
  // The gate that a person is just deciding at is one of the session, whatever GATES says.
  const gates = GATES.filter((gate) => chosen.gates.includes(gate) || gate === adoption.gate);
  const settings = { ...chosen, gates };
  const { level } = await sandboxNow(
    { mainRepo: project.mainRepo, worktreesDir, sessionsDir, settings },
    context,
  );
  const at = isoUtc(clock.now());
  const id = ulid(clock.now());
  const start = { kind: 'start', run: true } as const;
  const file: SessionFile = {
    v: FORMAT_VERSION,
    id: ulid(clock.now()),
    folder,
    createdAt: at,
    task: text === undefined ? goal : readOverview(text).task.trim() || folder,
    mainRepo: project.mainRepo,
    worktreesDir,
    sessionsDir,
    configPath: project.filePath,
    adopted: true,
    ...(text !== undefined && goal !== undefined && { goal }),
    settings,
    sandbox: level,
  };
  // Somebody else may adopt it at the same moment: then theirs counts, and the command goes to it.
  await makeRunFolder(paths, file, { v: FORMAT_VERSION, id, by, at, ...start });
  const started = await afterCommand(view, start, ['prepared', 'blocked'], context, { id });
  if (note !== undefined)
    await afterCommand(started.view, { kind: 'message', text: note }, ['message_kept'], context);
  return (await readSession(paths, context.host)) ?? started.view;
}

/** The session of a call that acts at a gate: a folder without machine state is taken over first, and waits there. */
export async function takenOver(
  found: FoundSession,
  gate: Gate,
  context: ActionContext,
): Promise<SessionView> {
  return found.view.isForeign ? await adoptSession({ ...found, gate }, context) : found.view;
}

/** The original tool knew no prefix but one that a person chose: the branch that it made is called so. */
function ownName({ values, sources }: Project, folder: string): string {
  return branchOf(folder, sources.branchPrefix?.kind === 'default' ? '' : values.branchPrefix);
}

interface EarlierWork {
  overview: string;
  worktreePath: string;
  mainRepo: string;
}

/** The branch of the worktree that it has already, whatever it is called: its commits are the session's. */
async function earlierBranch(
  { overview, worktreePath, mainRepo }: EarlierWork,
  { env }: ActionContext,
): Promise<string | undefined> {
  const here = await earlierWorktree(worktreePath, mainRepo, { baseEnv: env });
  if (here) return here.branch;
  const { workingDir = '' } = readOverview(overview);
  return (await earlierWorktree(workingDir, mainRepo, { baseEnv: env }))?.branch;
}

class NestedLayoutError extends SamocodeError {
  readonly code = 'nested_layout';

  constructor(folder: string, problem: string) {
    super(`Session ${folder} was not taken over.`, problem, 'Then resume it.');
  }
}

class NotPlainError extends SamocodeError {
  readonly code = 'not_plain';

  constructor(folder: string, problem: string) {
    super(`Session ${folder} was not taken over.`, problem, 'Then resume it.');
  }
}

class TaskUnknownError extends SamocodeError {
  readonly code = 'task_unknown';

  constructor({ folder }: SessionView) {
    super(
      `Session ${folder} was not taken over.`,
      'It was stopped before its overview was written, so its task is not on record.',
      'Pass goal, the task in the words of the human, or start another session with start_session.',
    );
  }
}
