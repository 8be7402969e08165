import { join } from 'node:path';
import type { ActionContext } from '../../caller/context/context.ts';
import { theExtension } from '../../caller/context/in-this-build.ts';
import { refuseFromInside } from '../../caller/context/refuse-from-inside.ts';
import { isUnfinished } from '../../caller/context/supervision.ts';
import { START_ERRORS } from '../../caller/errors/start-errors.ts';
import { withoutWindows } from '../../caller/facts/plan-text.ts';
import { readyProject } from '../../caller/refusals/ready-project.ts';
import { contains } from '../../kernel/files/contains.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { namesAt } from '../../kernel/files/path-stats.ts';
import { stampsAt } from '../../kernel/files/stamps.ts';
import { once } from '../../kernel/once.ts';
import { dropCheckpoints } from '../../project/checkpoints/checkpoint-refs.ts';
import { isFirstTime } from '../../project/finding/known-projects.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { proposedSetup } from '../../project/finding/proposed-commands.ts';
import { isGitError } from '../../project/git/git-errors.ts';
import { requireBranchName } from '../../project/worktrees/branch-name.ts';
import type { SessionFile } from '../../session/events/bodies/session-file.ts';
import { readSession } from '../../session/folder/read-session.ts';
import { sessionFolders } from '../../session/folder/session-list.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { nameWithoutDate, normalizeNewName, refNameOf, sessionSlug } from '../../session/layout/names.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import { readSessionFile } from '../../session/log/read-session-file.ts';
import { type Begun, beginSession } from './begin-session.ts';
import { ensureWorker } from './ensure-worker.ts';
import { type NewSession, newSession } from './new-session.ts';
import { isOrdered, orderOfStart } from './order-of-start.ts';
import { resolveWork } from './resolve-work.ts';
import { withQuickAsked } from './start/ask-quick.ts';
import { copyUncommitted } from './start/copy-uncommitted.ts';
import { notContained } from './start/not-contained.ts';
import type { StartSessionInput } from './start/start-choices.ts';
import type { ResolvedWork } from './start/start-sources.ts';
import type { NewWork } from './start/work.ts';

/** Starts a new session, or one that continues a folder prepared by hand. */
export async function startSession(
  { work, ...input }: StartSessionInput,
  context: ActionContext,
): Promise<Begun> {
  await refuseFromInside(context);
  return work.kind === 'folder'
    ? await theExtension('continueFolder', 'folders prepared by hand')({ ...input, work }, context)
    : await startNew({ ...input, work }, context);
}

/**
 * Checks everything, creates the run folder atomically with identity and first command, and launches a worker, which
 * creates the rest.
 */
async function startNew(
  { work, ...input }: StartSessionInput<NewWork>,
  context: ActionContext,
): Promise<Begun> {
  const { project: projectDir, run = true } = input;
  const { name, where, settings: call, ...choices } = input.choices ?? {};
  const group = choices.group && normalizeNewName('group', choices.group);
  const branch = choices.branch && requireBranchName(choices.branch);
  const { base } = choices;
  const isLater = isOrdered(input.order ?? {});
  const pool = where === 'pool' || undefined;
  const at = { projectDir, call, base: isLater ? undefined : base, isForPool: pool };
  const project = await readyProject(at, context);
  const { words, files, ...given } = await resolveWork(work, project, context);
  if (pool) await theExtension('pools', 'pools of machines').requireMember(project, context);
  const asked = { ...input.order, projectDir, base, group };
  const order = isLater ? await orderOfStart(asked, project, context) : undefined;
  const startKey = startKeyOf({ ...input, work, project: project.filePath }, given);
  const bring = pool ? undefined : input.bring;
  const bringing = once(async () => {
    if (files === undefined) return { warnings: input.recurring ? [] : await notContained(project, context) };
    const elsewhere = await files.elsewhere(base);
    const { brought, warnings } = await copyUncommitted(files, bring).catch(withoutFiles);
    return { brought, warnings: [...elsewhere, ...warnings] };
  });
  for (;;) {
    // Listed first: of two same starts that do not find each other, both choose one free name, and one of them gets it.
    const folders = await sessionFolders(project.values.sessions);
    const known = { ...project.values, folders };
    const same = input.again ? undefined : await findSameStart(startKey, known, context);
    if (same !== undefined) return same;
    const folder = freeFolder(project.values, { name, words, folders }, context);
    const { recurring } = input;
    const way = choices.quick ? ('quick' as const) : given.way;
    const review = choices.review || undefined;
    const recorded = { ...given, way, review, folder, group, pool, order, recurring, startKey };
    const request = { ...recorded, run, choices: { ...choices, branch } };
    // If another start took the name, a derived name gets the next number and a given one is refused.
    const judged = await newSession(project, request, context);
    // Only now: a start that is refused asks nothing.
    const made = await withQuickAsked(judged, input.askQuick, context);
    const begun = await beginWith({ files, ...(await bringing()) }, made, context);
    if (begun !== undefined) return begun;
  }
}

/** Begins a session with the copies of its chat's files, which are kept only if the session exists. */
async function beginWith(
  {
    files,
    brought,
    warnings: ofFiles,
  }: Awaited<ReturnType<typeof copyUncommitted>> & Pick<ResolvedWork, 'files'>,
  made: NewSession,
  context: ActionContext,
): Promise<Begun | undefined> {
  // What makes the session less safe comes first.
  const { provider, providers, fallback } = made.file.settings;
  const agents = new Set([provider, ...Object.values(providers), ...fallback]);
  const ofStart = [...(await withoutWindows(agents, context)), ...(await withoutSetup(made.file, context))];
  const warnings = [...made.warnings, ...ofFiles, ...ofStart];
  const { chat, mainRepo } = made.file;
  if (brought === undefined || chat === undefined) return await beginSession({ ...made, warnings }, context);
  const file = { ...made.file, chat: { ...chat, brought } };
  const sessionFolder = refNameOf(file);
  await files?.keepCopies(brought, sessionFolder);
  let begun: Begun | undefined;
  try {
    begun = await beginSession({ ...made, file, warnings }, context);
    return begun;
  } finally {
    const isTaken = (await readSessionFile(made.paths).catch(() => undefined))?.id !== file.id;
    if (begun === undefined && isTaken)
      await dropCheckpoints(sessionFolder, { cwd: mainRepo, baseEnv: context.env });
  }
}

/** Said once per project: no folder above a clone outside of the repository has packages. */
async function withoutSetup(
  { configPath, mainRepo, worktreesDir, settings }: SessionFile,
  { home }: ActionContext,
): Promise<string[]> {
  const { checks, proving } = settings;
  const isAlone = proving.in === 'clone' && !contains(mainRepo, worktreesDir);
  if (checks.length === 0 || proving.setup !== undefined || !isAlone) return [];
  const line = await proposedSetup(mainRepo);
  if (line === undefined || !(await isFirstTime('setup', configPath, home))) return [];
  return [
    `Checks run on fresh clones, which do not have the packages of your checkout, and this project has no SETUP. If they need packages, add ${line} to .samocode. This is said once.`,
  ];
}

/** A file that git cannot copy is no reason to refuse the start. */
function withoutFiles(error: unknown): Awaited<ReturnType<typeof copyUncommitted>> {
  if (!isGitError(error)) throw error;
  return {
    warnings: [
      `The session begins without the files that the chat has changed and not committed: git could not copy them. ${error.message} They stay in the main checkout as they are.`,
    ],
  };
}

/** How long the same call means the same session. */
const SAME_START_MS = 10 * 60_000;

/**
 * The fingerprint of everything that a call chooses, whatever the order of its fields; a plan counts by its text, a chat
 * by its id, since it grows with each call.
 * @returns undefined if the caller may repeat its call, as a person in a terminal
 */
function startKeyOf(
  { again, run = true, askQuick: _, ...input }: StartSessionInput,
  { givenPlan, chat }: Pick<ResolvedWork, 'givenPlan' | 'chat'>,
): string | undefined {
  if (again === undefined) return undefined;
  return fingerprint(
    JSON.stringify({ ...input, run, chatId: chat?.id }, (key, value: unknown) => {
      if (key === 'plan') return givenPlan?.hash;
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
      return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
    }),
  );
}

/**
 * Finds the unfinished session that the same call started within the last ten minutes, and starts its worker if
 * the first call ended before that.
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

/** Returns the folder name of a new session: the given name, or one derived from the task. */
function freeFolder(
  { worktrees }: Pick<Project['values'], 'worktrees'>,
  { name, words, folders }: { name?: string; words: string; folders: readonly string[] },
  { clock }: ActionContext,
): string {
  const given = name ? normalizeNewName('session', name) : undefined;
  const first = given ?? sessionSlug(words);
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? first : `${first}-${number}`;
    const folder = `${stampsAt(clock.now()).folderDate}-${free}`;
    const session = folders.findLast((each) => each === free || nameWithoutDate(each) === free);
    const worktree = join(worktrees, folder);
    // It may be that of a session of another SESSIONS folder; two would share its files and checkpoints.
    const isOccupied = (namesAt(worktree) ?? []).length > 0;
    if (session === undefined && !isOccupied) return folder;
    if (given === undefined) continue;
    if (session !== undefined) throw START_ERRORS.session_exists({ session });
    throw START_ERRORS.worktree_stands({ folder: worktree });
  }
}
