import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { isoUtc } from '../base/clock.ts';
import { ifExists, SamocodeError } from '../base/errors.ts';
import { stampsAt } from '../base/stamps.ts';
import { requireBase } from '../project/base-commit.ts';
import { requireBranchName } from '../project/branch-name.ts';
import type { Project } from '../project/open-project.ts';
import { requireIdentity } from '../project/repository.ts';
import type { CallSettings } from '../project/settings.ts';
import { judgeStart } from '../session/commands/judge-start.ts';
import type { Command } from '../session/commands.ts';
import type { EventType } from '../session/event-types.ts';
import { FORMAT_VERSION } from '../session/events.ts';
import { nameWithoutDate, normaliseName, sessionSlug } from '../session/names.ts';
import { NOT_IN_LOGIN_SHELL } from '../session/notice-codes.ts';
import { type SessionPaths, sessionPaths } from '../session/paths.ts';
import type { SessionFile } from '../session/session-file.ts';
import { sessionFolders } from '../session/session-list.ts';
import type { SessionView } from '../session/status.ts';
import { readSession } from '../session/status.ts';
import { type AfterCommand, afterCommand } from './after-command.ts';
import { CommandPending } from './command-pending.ts';
import type { ActionContext } from './context.ts';
import { refuseImpossibleCommands, refuseWhatCannotRun } from './doctor.ts';
import { EarlyRefusalError } from './early-refusal.ts';
import { findProjectFor } from './find-project-for.ts';
import { freezeSettings } from './freeze-settings.ts';
import { makeRunFolder, removeUntakenFolder } from './make-run-folder.ts';
import { refuseFromInside } from './refuse-from-inside.ts';
import { requireText } from './require-text.ts';
import { requireTrust } from './require-trust.ts';
import { sandboxNow } from './sandbox-now.ts';

export interface StartSessionInput {
  /** What is to be done, in the person's own words. */
  task?: string | undefined;
  /** A topic to research; beside a task or instead of one. */
  dive?: string | undefined;
  /** Without one, the words of the task make a name. */
  name?: string | undefined;
  projectDir?: string | undefined;
  /** Settings for this session alone. */
  settings?: CallSettings | undefined;
  /** The whole branch name. */
  branch?: string | undefined;
  /** A branch, tag or commit to begin at. */
  base?: string | undefined;
  autoApprove?: boolean | undefined;
  acceptSuggestions?: boolean | undefined;
  /** `guard`, `auto` or `off`; less than the project has is a person's choice alone. */
  sandbox?: string | undefined;
  /** False: everything is prepared and nothing runs until it is resumed. */
  run?: boolean | undefined;
}

export interface StartSessionResult {
  view: SessionView;
  file: SessionFile;
  /** About settings that have no effect or another one than it seems. */
  warnings: string[];
}

/**
 * Starts a session: everything is checked first, then its run folder appears at once with its identity
 * and its first command, and a worker is launched, which makes the rest.
 * @throws NothingToDoError, EarlyRefusalError, CommandImpossibleError, bad_session_name, bad_branch_name, base_not_found, SessionExistsError, WorktreeStandsError, NoProjectError, ProjectNotTrustedError, the errors of settings, of `sandboxNow`,
 * repositories and CLIs, RootRefusedError, worker_not_launched, WorkerNotStartedError: nothing stays behind.
 * CommandPending: the session is there, and its worker is slow
 */
export async function startSession(
  input: StartSessionInput,
  context: ActionContext,
): Promise<StartSessionResult> {
  await refuseFromInside(context);
  const task = input.task?.trim() ? requireText(input.task, 'task') : undefined;
  const dive = input.dive?.trim() ? requireText(input.dive, 'dive') : undefined;
  if (task === undefined && dive === undefined) throw new NothingToDoError();
  const given = input.name?.trim() ? normaliseName(input.name) : undefined;
  const branch = input.branch?.trim() ? requireBranchName(input.branch) : undefined;
  const base = input.base?.trim() || undefined;
  const project = await findProjectFor({ projectDir: input.projectDir, call: input.settings }, context);
  await requireTrust(project, context);
  await refuseImpossibleCommands(project, context);
  await requireIdentity(project.mainRepo, { baseEnv: context.env });
  if (base !== undefined) await requireBase({ mainRepo: project.mainRepo, base, baseEnv: context.env });
  const words = { task, dive };
  for (;;) {
    const folder = await freeFolder(project.values, given, sessionSlug(task ?? dive ?? ''), context);
    const settings = await freezeSettings(project, { ...input, branch, base, folder }, context);
    const allowed = judgeStart(context, {}, settings);
    if (allowed.kind === 'refused') throw new EarlyRefusalError(allowed);
    refuseWhatCannotRun(settings, context);
    const paths = sessionPaths(project.values.sessions, folder);
    const { level, warning } = await sandboxNow({ ...placesOf(project), settings }, context);
    const file = newSessionFile(project, { folder, settings, ...words, sandbox: level }, context);
    const start = newStart(input.run ?? true, context);
    // Another start took the name in between: a made one gets the next number, a given one is refused.
    if (!(await makeRunFolder(paths, file, start))) continue;
    const { view, events } = await startWorker(paths, start, context);
    const notices = events.flatMap((event) =>
      event.type === 'notice' && event.code === NOT_IN_LOGIN_SHELL ? [event.text] : [],
    );
    const warnings = [
      ...(warning === undefined ? [] : [warning]),
      ...project.warnings.map(({ text }) => text),
      ...notices,
    ];
    return { view, file, warnings };
  }
}

async function freeFolder(
  { sessions, worktrees }: Project['values'],
  given: string | undefined,
  made: string,
  { clock }: ActionContext,
): Promise<string> {
  const folders = await sessionFolders(sessions);
  const date = stampsAt(clock.now()).folderDate;
  const sameName = (name: string) =>
    folders.findLast((folder) => folder === name || nameWithoutDate(folder) === name);
  if (given !== undefined) {
    const existing = sameName(given);
    if (existing !== undefined) throw new SessionExistsError(existing);
    const worktree = join(worktrees, `${date}-${given}`);
    if (await isOccupied(worktree)) throw new WorktreeStandsError(worktree);
    return `${date}-${given}`;
  }
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? made : `${made}-${number}`;
    if (sameName(name) === undefined && !(await isOccupied(join(worktrees, `${date}-${name}`))))
      return `${date}-${name}`;
  }
}

/** A worktree that a session of another SESSIONS folder may work in: a second one would take its files and checkpoints. */
async function isOccupied(folder: string): Promise<boolean> {
  const names = await ifExists(readdir(folder));
  return names !== undefined && names.length > 0;
}

function newSessionFile(
  project: Project,
  own: Pick<SessionFile, 'folder' | 'task' | 'dive' | 'settings' | 'sandbox'>,
  { clock }: ActionContext,
): SessionFile {
  return {
    v: FORMAT_VERSION,
    id: ulid(clock.now()),
    createdAt: isoUtc(clock.now()),
    ...own,
    ...placesOf(project),
    configPath: project.filePath,
    adopted: false,
  };
}

function placesOf({ mainRepo, values }: Project) {
  return { mainRepo, worktreesDir: values.worktrees, sessionsDir: values.sessions };
}

function newStart(run: boolean, { clock, by }: ActionContext): Command {
  return { v: FORMAT_VERSION, id: ulid(clock.now()), by, at: isoUtc(clock.now()), kind: 'start', run };
}

const PREPARED: readonly EventType[] = ['prepared', 'blocked'];
const AT_REST: readonly EventType[] = ['stopped', 'blocked'];

async function startWorker(
  paths: SessionPaths,
  start: Command,
  context: ActionContext,
): Promise<AfterCommand> {
  const fresh = await readSession(paths, context.host);
  if (!fresh || start.kind !== 'start') throw new Error(`The run folder of ${paths.folder} has vanished.`);
  const { id, kind, run } = start;
  try {
    const endsIn = run ? PREPARED : AT_REST;
    return await afterCommand(fresh, { kind, run }, endsIn, context, { id });
  } catch (error) {
    if (!(await removeUntakenFolder(paths, context))) throw error;
    throw error instanceof CommandPending ? new WorkerNotStartedError(context.programs.worker) : error;
  }
}

class NothingToDoError extends SamocodeError {
  readonly code = 'nothing_to_do';

  constructor() {
    super(
      'No session was started.',
      'It has neither a task nor a topic to dive into.',
      "Pass task with the person's own words, dive with a topic to research, or both.",
    );
  }
}

class SessionExistsError extends SamocodeError {
  readonly code = 'session_exists';

  constructor(folder: string) {
    super(
      'No session was started.',
      `There is one of that name already: ${folder}.`,
      `Go on with it by resume_session (session: "${folder}"), or choose another name.`,
    );
  }
}

class WorktreeStandsError extends SamocodeError {
  readonly code = 'worktree_stands';

  constructor(folder: string) {
    super(
      'No session was started.',
      `${folder}, where its worktree would be, is no empty folder: it may belong to a session that is kept elsewhere.`,
      'Choose another name, or, if nobody needs what is in it, take it away with "git worktree remove".',
    );
  }
}

class WorkerNotStartedError extends SamocodeError {
  readonly code = 'worker_not_started';

  constructor(program: string) {
    super(
      'No session was started.',
      'Its worker program ended, or did not begin, before it took the session.',
      `Run "node ${program}" by hand: it should print its usage. If it does not, install samocode anew.`,
    );
  }
}
