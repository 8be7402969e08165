import { join } from 'node:path';
import { statsAt } from '../../base/files/look-at.ts';
import type { Gate } from '../../phases/table.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { branchOf } from '../../project/git/branch-name.ts';
import { requireIdentity } from '../../project/git/repository.ts';
import type { CallSettings } from '../../project/settings/settings.ts';
import { earlierWorktree } from '../../project/worktrees/earlier-worktree.ts';
import { readOverview } from '../../session/documents/overview.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { nestedProblem, notPlainProblems } from '../../session/legacy/foreign-session.ts';
import { readLegacyFolder } from '../../session/legacy/legacy-folder.ts';
import { readSession } from '../../session/status.ts';
import { ACTION_ERRORS } from '../acting/action-errors.ts';
import { afterCommand, afterStart } from '../acting/after-command.ts';
import type { ActionContext } from '../acting/context.ts';
import { refuseFromInside } from '../acting/refuse-from-inside.ts';
import { START_ERRORS } from '../acting/start-errors.ts';
import { findProjectFor } from '../places/find-project-for.ts';
import { requireTrust } from '../places/require-trust.ts';
import type { SessionsPlace } from '../places/sessions-places.ts';
import { makeRunFolder } from './make-run-folder.ts';
import { newSession } from './new-session.ts';

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
 * Takes over a folder of the original tool: it gets a run folder and continues in the phase that its
 * overview names; behind a gate it first waits for a person. Its own files are not changed here.
 * @throws project_not_trusted; what `requireAdoptable`, `findProjectFor`, `requireIdentity` and `newSession`
 * throw; the worker's refusal, pending
 */
export async function adoptSession(adoption: Adoption, context: ActionContext): Promise<SessionView> {
  const { view, place, note, goal, call, gate } = adoption;
  const { paths, folder } = view;
  await refuseFromInside(context);
  const text = await requireAdoptable(view, goal);
  const project = await findProjectFor({ projectDir: place.filePath, call }, context);
  await requireTrust(project, context);
  await requireIdentity(project.mainRepo, { baseEnv: context.env });
  const branch = await branchOfAdopted(project, { folder, overview: text ?? '' }, context);
  const words =
    text === undefined ? { task: goal } : { task: readOverview(text).task.trim() || folder, goal };
  const { file, start } = await newSession(
    project,
    // The gate that a person is just deciding at is one of the session, whatever GATES says.
    { folder, branch, ...words, adopted: true, run: true, gate },
    context,
  );
  // Another adoption may have come first: then its run folder counts, and its worker decides.
  const started = (await makeRunFolder(paths, file, start))
    ? await afterStart(paths, start, ENDS, context)
    : await afterCommand(view, { kind: 'start', run: true }, ENDS, context);
  if (note !== undefined)
    await afterCommand(started.view, { kind: 'message', text: note }, ['message_kept'], context);
  return (await readSession(paths, context.host)) ?? started.view;
}

const ENDS = ['prepared', 'blocked'] as const;

/** The session of a call that acts at a gate: a folder without machine state is taken over first, and waits there. */
export async function takenOver(
  found: FoundSession,
  gate: Gate,
  context: ActionContext,
): Promise<SessionView> {
  return found.view.isForeign ? await adoptSession({ ...found, gate }, context) : found.view;
}

/**
 * Whether a folder of the original tool can be taken over, with this new work.
 * @returns its overview; undefined where the goal is its task
 * @throws not_done, nested_layout, not_plain, task_unknown
 */
async function requireAdoptable(view: SessionView, goal: string | undefined): Promise<string | undefined> {
  const { folder, paths } = view;
  if (goal !== undefined && !takesGoal(view)) throw ACTION_ERRORS.not_done({ session: folder });
  const old = await readLegacyFolder(paths);
  const [nested] = old === undefined ? [] : nestedProblem(old, paths);
  if (nested !== undefined) throw START_ERRORS.nested_layout({ session: folder, problem: nested });
  const [notPlain] = old === undefined ? [] : notPlainProblems(old);
  if (notPlain !== undefined) throw START_ERRORS.not_plain({ session: folder, problem: notPlain });
  if (old?.overview === undefined && goal === undefined) throw START_ERRORS.task_unknown({ session: folder });
  return old?.overview;
}

/**
 * The branch of the worktree that it has already, whatever it is called: its commits are the session's. Else the name
 * that the original tool would have given: it knew no prefix but one that a person chose.
 */
async function branchOfAdopted(
  { mainRepo, values, sources }: Project,
  { folder, overview }: { folder: string; overview: string },
  { env }: ActionContext,
): Promise<string> {
  const { workingDir = '' } = readOverview(overview);
  const options = { baseEnv: env };
  const earlier =
    (await earlierWorktree(join(values.worktrees, folder), mainRepo, options)) ??
    (await earlierWorktree(workingDir, mainRepo, options));
  const prefix = sources.branchPrefix?.kind === 'default' ? '' : values.branchPrefix;
  return earlier?.branch ?? branchOf(folder, prefix);
}

/** A folder without an overview lacks the task, and is given it so. */
function takesGoal({ state, paths }: SessionView): boolean {
  return state.status.kind === 'done' || statsAt(paths.overview) === undefined;
}
