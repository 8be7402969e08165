import { join } from 'node:path';
import { statsAt } from '../../base/files/look-at.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { branchOf } from '../../project/git/branch-name.ts';
import { earlierWorktree } from '../../project/worktrees/worktree.ts';
import { readOverview } from '../../session/documents/overview.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { nestedProblem, notPlainProblems } from '../../session/legacy/foreign-session.ts';
import { readLegacyFolder } from '../../session/legacy/legacy-folder.ts';
import { ACTION_ERRORS } from '../acting/action-errors.ts';
import type { ActionContext } from '../acting/context.ts';
import { START_ERRORS } from '../acting/start-errors.ts';

/**
 * Whether a folder of the original tool can be taken over, with this new work.
 * @returns its overview; undefined where the goal is its task
 * @throws not_done, nested_layout, not_plain, task_unknown
 */
export async function requireAdoptable(
  view: SessionView,
  goal: string | undefined,
): Promise<string | undefined> {
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
export async function branchOfAdopted(
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
