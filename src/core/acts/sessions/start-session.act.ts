import { join } from 'node:path';
import { GitHub } from '../../../extensions/github/forge/github.ts';
import { issueTask, readIssue } from '../../../extensions/github/intake/read-issue.ts';
import { requirePool } from '../../../extensions/pool/acts/require-pool.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { refuseFromInside } from '../../caller/context/refuse-from-inside.ts';
import { isUnfinished } from '../../caller/context/supervision.ts';
import { START_ERRORS } from '../../caller/errors/start-errors.ts';
import { readyProject } from '../../caller/refusals/ready-project.ts';
import { requireText } from '../../caller/refusals/require.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { namesAt } from '../../kernel/files/path-stats.ts';
import { stampsAt } from '../../kernel/files/stamps.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { requireBranchName } from '../../project/git/branch-name.ts';
import { type GivenIssue, type GivenPlan, readSessionFile } from '../../session/events/session-file.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { nameWithoutDate, normalizeNewName, sessionSlug } from '../../session/layout/names.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import { sessionFolders } from '../../session/session-list.ts';
import { readSession } from '../../session/status.ts';
import { type Begun, beginSession } from './begin-session.ts';
import { ensureWorker } from './ensure-worker.ts';
import { newSession } from './new-session.ts';
import { isOrdered, orderOfStart } from './order-of-start.ts';
import { givenTask, givenTitle, readGivenPlan } from './read-given-plan.ts';
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
  const key = startKey(input, project, givenPlan);
  for (;;) {
    // Listed first: of two same starts that do not find each other, both choose one free name, and one of them gets it.
    const folders = await sessionFolders(project.values.sessions);
    const same = await findSameStart(input.again ? undefined : key, { ...project.values, folders }, context);
    if (same !== undefined) return same;
    const folder = freeFolder(project.values, { name, words, folders }, context);
    const { autoApprove, acceptSuggestions, sandbox } = input;
    const choices = { folder, branch, base, autoApprove, acceptSuggestions, sandbox };
    const request = { ...choices, task, dive, givenPlan, issue, group, pool, order, run, startKey: key };
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

/** How long the same call means the same session. */
const SAME_START_MS = 10 * 60_000;

/**
 * The fingerprint of everything that a call chooses, whatever the order of its fields; a plan counts by its text.
 * @returns undefined if the caller may repeat its call, as a person in a terminal
 */
function startKey(
  { again, run = true, ...input }: StartSessionInput,
  { filePath: projectDir }: Pick<Project, 'filePath'>,
  givenPlan: GivenPlan | undefined,
): string | undefined {
  if (again === undefined) return undefined;
  return fingerprint(JSON.stringify({ ...input, run, projectDir, plan: givenPlan?.hash }, sorted));
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Finds the unfinished session that the same call started within the last ten minutes, and starts its worker if
 * the first call ended before that.
 * @throws sessions_silent; what `ensureWorker` throws
 */
async function findSameStart(
  key: string | undefined,
  { sessions, folders }: { sessions: string; folders: readonly string[] },
  context: ActionContext,
): Promise<Begun | undefined> {
  if (key === undefined) return undefined;
  for (const folder of folders) {
    const paths = sessionPaths(sessions, folder);
    // Only the sessions that match are read whole.
    const file = await readSessionFile(paths).catch(() => undefined);
    if (file?.startKey !== key) continue;
    const startedMsAgo = context.clock.now() - Date.parse(file.createdAt);
    const view = startedMsAgo < SAME_START_MS ? await readSession(paths, context.host) : undefined;
    if (view === undefined || !(isUnfinished(view) || isPrepared(view))) continue;
    const now = view.needsWorker ? await ensureWorker(view, undefined, context) : view;
    return { view: now, file, warnings: [], startedMsAgo };
  }
  return undefined;
}

/** Whether it was started with `run: false` and has not been resumed since. */
function isPrepared({ state }: SessionView): boolean {
  return state.status.kind === 'stopped' && !state.runWanted && state.lastIteration === undefined;
}

/**
 * Returns the folder name of a new session: the given name, or one derived from the task.
 * @throws bad_session_name, session_exists, worktree_stands
 */
function freeFolder(
  { worktrees }: Pick<Project['values'], 'worktrees'>,
  { name = '', words, folders }: { name?: string | undefined; words: string; folders: readonly string[] },
  { clock }: ActionContext,
): string {
  const given = name.trim() ? normalizeNewName('session', name) : undefined;
  const made = sessionSlug(words);
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
