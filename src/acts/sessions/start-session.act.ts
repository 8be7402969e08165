import { join } from 'node:path';
import { namesAt } from '../../base/files/path-stats.ts';
import { stampsAt } from '../../base/files/stamps.ts';
import { GitHub } from '../../forge/github.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { requireBranchName } from '../../project/git/branch-name.ts';
import type { GivenIssue } from '../../session/events/session-file.ts';
import { nameWithoutDate, normalizeNewName, sessionSlug } from '../../session/layout/names.ts';
import { sessionFolders } from '../../session/session-list.ts';
import type { ActionContext } from '../common/context.ts';
import { readyProject } from '../common/preconditions/ready-project.ts';
import { requireText } from '../common/preconditions/require.ts';
import { requirePool } from '../common/preconditions/require-pool.ts';
import { refuseFromInside } from '../common/refuse-from-inside.ts';
import { START_ERRORS } from '../common/start-errors.ts';
import { type Begun, beginSession } from './begin-session.ts';
import { newSession } from './new-session.ts';
import { isOrdered, orderOfStart } from './order-of-start.ts';
import { givenTask, givenTitle, readGivenPlan } from './read-given-plan.ts';
import { issueTask, readIssue } from './read-issue.ts';
import type { FolderToContinue, StartSessionInput } from './start-choices.ts';

/**
 * Starts a session: checks everything, creates the run folder atomically with identity and first command, and
 * launches a worker, which creates the rest.
 * @throws nothing_to_do, plan_unusable, bad_branch_name, bad_group_name; what `readIssue`, `orderOfStart`,
 * `readyProject`, `freeFolder`, `newSession` and `beginSession` throw
 */
export async function startSession(
  input: Omit<StartSessionInput, keyof FolderToContinue>,
  context: ActionContext,
): Promise<Begun> {
  await refuseFromInside(context);
  const group = input.group?.trim() ? normalizeNewName('group', input.group) : undefined;
  const givenPlan = input.plan?.trim() ? await readGivenPlan(input.plan, context) : undefined;
  const given = input.task?.trim() ? requireText(input.task, 'task') : givenPlan && givenTask(givenPlan);
  const dive = input.dive?.trim() ? requireText(input.dive, 'dive') : undefined;
  const titled = (!input.task?.trim() && givenPlan && givenTitle(givenPlan)) || (given ?? dive);
  if (titled === undefined && !input.issue?.trim() && !input.claimed) throw START_ERRORS.nothing_to_do();
  const branch = input.branch?.trim() ? requireBranchName(input.branch) : undefined;
  const base = input.base?.trim() || undefined;
  const { projectDir, settings: call, name, run = true } = input;
  const isLater = isOrdered(input);
  const isForPool = input.where === 'pool';
  const at = { projectDir, call, base: isLater ? undefined : base, isForPool };
  const project = await readyProject(at, context);
  const issue = await issueOf(input, project, context);
  const task = issue ? issueTask(issue, given) : given;
  const words = issue ? `issue-${issue.number}` : (titled ?? '');
  const pool = isForPool ? await requirePool(project, context) : undefined;
  const order = isLater ? await orderOfStart({ ...input, base, group }, project, context) : undefined;
  for (;;) {
    const folder = await freeFolder(project.values, { name, words }, context);
    const { autoApprove, acceptSuggestions, sandbox } = input;
    const choices = { folder, branch, base, autoApprove, acceptSuggestions, sandbox };
    const request = { ...choices, task, dive, givenPlan, issue, group, pool, order, run };
    // If another start took the name, a derived name gets the next number and a given one is refused.
    const begun = await beginSession(await newSession(project, request, context), context);
    if (begun !== undefined) return begun;
  }
}

async function issueOf(
  { issue, claimed }: Pick<StartSessionInput, 'issue' | 'claimed'>,
  project: Project,
  context: ActionContext,
): Promise<GivenIssue | undefined> {
  if (claimed !== undefined || !issue?.trim()) return claimed;
  return await readIssue(issue, project, { forge: new GitHub(context), context });
}

/**
 * Returns the folder name of a new session: the given name, or one derived from the task.
 * @throws bad_session_name, session_exists, worktree_stands
 */
async function freeFolder(
  { sessions, worktrees }: Project['values'],
  { name = '', words }: { name?: string | undefined; words: string },
  { clock }: ActionContext,
): Promise<string> {
  const given = name.trim() ? normalizeNewName('session', name) : undefined;
  const made = sessionSlug(words);
  const folders = await sessionFolders(sessions);
  const date = stampsAt(clock.now()).folderDate;
  const sameName = (wanted: string) =>
    folders.findLast((folder) => folder === wanted || nameWithoutDate(folder) === wanted);
  if (given !== undefined) {
    const existing = sameName(given);
    if (existing !== undefined) throw START_ERRORS.session_exists({ session: existing });
    const worktree = join(worktrees, `${date}-${given}`);
    if (isOccupied(worktree)) throw START_ERRORS.worktree_stands({ folder: worktree });
    return `${date}-${given}`;
  }
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? made : `${made}-${number}`;
    if (sameName(free) === undefined && !isOccupied(join(worktrees, `${date}-${free}`)))
      return `${date}-${free}`;
  }
}

/**
 * Whether the worktree's folder is in use, perhaps by a session of another SESSIONS folder. A second session
 * there would share its files and checkpoints.
 */
function isOccupied(folder: string): boolean {
  return (namesAt(folder) ?? []).length > 0;
}
